//! One incident: its rows, told as a history.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use domain::ids::{InvalidId, TeamId, UserId};
use domain::tenant::{StatusCategory, TenantSettings};
use domain::ticket::event::{Assignment, Requester, Source};
use domain::ticket::import::{Opening, Snapshot};
use serde_json::Value;

use super::columns::Row;
use super::states;
use crate::import::plan::{History, Update};
use crate::import::report::Judgement;

/// Whoever isn't named.
const UNKNOWN: &str = "unknown";

/// Tells the rows of one incident, in the order of the file; notes what didn't speak for itself.
pub(super) fn history(
    rows: Vec<Row>,
    settings: &TenantSettings,
    judgements: &mut Vec<Judgement>,
) -> Result<History, String> {
    let mut telling = Telling { settings, judgements, state: None, status: None, at: None };
    let mut rows = (1..).zip(rows);
    let (_, first) = rows.next().ok_or("it has no rows")?;
    if first.number.is_empty() {
        return Err("a row has no number".to_owned());
    }
    let state = telling.snapshot(1, &first)?;
    let updated = telling.time(1, &first);
    let opened_at = telling.opened_at(&first, updated);
    telling.at = Some(updated);
    let opened_by = user(first.opened_by.as_ref())?;
    let opening = opening(first, state)?;
    let mut updates = Vec::new();
    for (number, row) in rows {
        let state = telling.snapshot(number, &row)?;
        let at = telling.time(number, &row);
        telling.at = Some(at);
        updates.push(Update { row: number, by: user(row.sys_updated_by.as_ref())?, at, state });
    }
    Ok(History { opening, opened_by, opened_at, updates })
}

/// What is known so far.
struct Telling<'a> {
    settings: &'a TenantSettings,
    judgements: &'a mut Vec<Judgement>,
    /// The last state that meant something, in the file's words.
    state: Option<String>,
    /// What it is here.
    status: Option<String>,
    at: Option<DateTime<Utc>>,
}

impl Telling<'_> {
    fn judge(&mut self, number: usize, row: &Row, what: impl Into<String>) {
        self.judgements.push(Judgement { what: what.into(), row: format!("{} row {number}", row.number) });
    }

    fn snapshot(&mut self, number: usize, row: &Row) -> Result<Snapshot, String> {
        let status = self.status(number, row);
        let priority = row.priority.as_ref().and_then(|text| states::priority(self.settings, text));
        let priority = priority.unwrap_or_else(|| {
            self.judge(number, row, "no priority: the default is taken");
            self.settings.default_priority.clone()
        });
        let resolves =
            self.settings.status(&status).is_some_and(|to| to.category == StatusCategory::Resolved);
        let team = row.assignment_group.clone().map(TeamId::new).transpose().map_err(bad_id)?;
        let agent = row.assigned_to.clone().map(UserId::new).transpose().map_err(bad_id)?;
        Ok(Snapshot {
            status,
            priority,
            category: row.category.clone(),
            request_type: None,
            assignment: Assignment { agent, team, organization: None },
            resolution: row.closed_code.clone().filter(|_| resolves),
        })
    }

    fn status(&mut self, number: usize, row: &Row) -> String {
        let state = row.incident_state.as_deref().unwrap_or("?");
        let Some(status) = states::status(self.settings, state) else {
            self.judge(
                number,
                row,
                format!("state {state}, which means nothing here: the state before stays"),
            );
            return self.status.clone().unwrap_or_else(|| self.settings.initial_status.clone());
        };
        if let (Some(before), Some(from)) = (self.state.clone(), self.status.clone())
            && from != status
            && (before == "Closed" || !self.settings.allowed_from(&from).contains(&status.as_str()))
        {
            let what = format!("from {before} to {state}, past the workflow: taken as it happened");
            self.judge(number, row, what);
        }
        self.state = Some(state.to_owned());
        self.status = Some(status.clone());
        status
    }

    /// The time of an update. The order of the rows counts, and each keeps its own time.
    fn time(&mut self, number: usize, row: &Row) -> DateTime<Utc> {
        let Some(at) = row.sys_updated_at.as_deref().and_then(time) else {
            self.judge(number, row, "no time: that of the row before is taken");
            return self.at.unwrap_or(DateTime::UNIX_EPOCH);
        };
        if self.at.is_some_and(|before| at < before) {
            self.judge(
                number,
                row,
                "out of time order: the order of the rows is kept, and the time as it stands",
            );
        }
        at
    }

    fn opened_at(&mut self, first: &Row, updated: DateTime<Utc>) -> DateTime<Utc> {
        match first.opened_at.as_deref().and_then(time) {
            Some(opened) if opened <= updated => opened,
            Some(_) => {
                self.judge(1, first, "opened after its first update: the time of the update is taken");
                updated
            }
            None => {
                self.judge(1, first, "no time of opening: that of the first update is taken");
                updated
            }
        }
    }
}

fn opening(first: Row, state: Snapshot) -> Result<Opening, String> {
    let requester = user(first.caller_id.as_ref())?;
    let about = [&first.category, &first.subcategory, &first.u_symptom];
    let about: Vec<&str> = about.into_iter().filter_map(Option::as_deref).collect();
    let subject = if about.is_empty() { first.number.clone() } else { about.join(" · ") };
    let description = format!("Incident {} of ServiceNow: {subject}.", first.number);
    let source = match first.contact_type.as_deref() {
        Some("Phone" | "IVR") => Source::Phone,
        Some("Self service") => Source::Portal,
        Some("Email") => Source::Email,
        Some("Direct opening") => Source::Manual,
        _ => Source::Import,
    };
    let fields = [
        ("location", first.location),
        ("subcategory", first.subcategory),
        ("symptom", first.u_symptom),
        ("configuration_item", first.cmdb_ci),
        ("impact", first.impact),
        ("urgency", first.urgency),
    ];
    let fields = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Value::String(value?))));
    let custom_fields: BTreeMap<String, Value> = fields.collect();
    Ok(Opening {
        number: first.number,
        subject,
        description,
        requester: Requester { id: requester, name: None, email: None },
        organization: None,
        source,
        tags: Vec::new(),
        custom_fields,
        channel_metadata: None,
        state,
    })
}

fn user(name: Option<&String>) -> Result<UserId, String> {
    UserId::new(name.map_or(UNKNOWN, String::as_str)).map_err(bad_id)
}

fn bad_id(error: InvalidId) -> String {
    error.to_string()
}

/// `29/2/2016 01:16`, taken as UTC.
fn time(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text, "%d/%m/%Y %H:%M").ok().map(|time| time.and_utc())
}
