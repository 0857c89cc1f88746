//! One incident: its rows, told as a history.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::ids::{TeamId, UserId};
use domain::input::MAX_NAME;
use domain::tenant::{StatusCategory, TenantSettings};
use domain::ticket::event::{Assignment, Requester, Source};
use domain::ticket::import::{Opening, Snapshot};
use serde_json::Value;

use super::columns::Row;
use super::dates::{Order, Parts};
use super::states;
use super::survey::Survey;
use crate::import::plan::{History, Update};
use crate::import::report::Judgement;

/// Whoever isn't named.
const UNKNOWN: &str = "unknown";

/// By what rows are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    settings: &'a TenantSettings,
    opened_at: Order,
    updated_at: Order,
    zone: Tz,
    now: DateTime<Utc>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(settings: &'a TenantSettings, survey: &Survey, now: DateTime<Utc>) -> Self {
        let Survey { opened_at, updated_at, zone, .. } = *survey;
        Self { settings, opened_at, updated_at, zone, now }
    }
}

/// Tells the rows of one incident, in the order of their times, those of one time in the order of the file; notes
/// what didn't speak for itself. What can't be read is an error, which names row and column.
pub(super) fn history(
    rows: Vec<Row>,
    reading: &Reading<'_>,
    judgements: &mut Vec<Judgement>,
) -> Result<History, String> {
    let mut telling = Telling { reading, judgements, state: None, status: None };
    let mut rows = telling.in_order(rows)?.into_iter();
    let (_, updated, first) = rows.next().ok_or("it has no rows")?;
    let state = telling.snapshot(&first)?;
    let opened_at = telling.opened_at(&first, updated)?;
    let opened_by = user(&first, "opened_by", first.opened_by.as_ref())?;
    let opening = telling.opening(first, state)?;
    let mut updates = Vec::new();
    for (number, at, row) in rows {
        let state = telling.snapshot(&row)?;
        let by = user(&row, "sys_updated_by", row.sys_updated_by.as_ref())?;
        updates.push(Update { row: number, by, at, state });
    }
    Ok(History { opening, opened_by, opened_at, updates })
}

/// What is known so far.
struct Telling<'a> {
    reading: &'a Reading<'a>,
    judgements: &'a mut Vec<Judgement>,
    /// The last state that meant something, in the file's words.
    state: Option<String>,
    /// What it is here.
    status: Option<String>,
}

impl Telling<'_> {
    fn judge(&mut self, row: &Row, what: impl Into<String>) {
        self.judgements.push(Judgement { what: what.into(), row: format!("{} row {}", row.number, row.row) });
    }

    /// The rows by time, each with its place among those of the ticket in the file, from 1. Only where ServiceNow's own
    /// count of the updates goes with the order of the rows, a clock that doesn't is what is wrong.
    fn in_order(&mut self, rows: Vec<Row>) -> Result<Vec<(usize, DateTime<Utc>, Row)>, String> {
        let mut timed: Vec<(usize, DateTime<Utc>, Row)> = Vec::with_capacity(rows.len());
        let mut counts = Vec::with_capacity(rows.len());
        for (place, row) in (1..).zip(rows) {
            if let Some(fault) = row.fault {
                return Err(fault);
            }
            let at =
                self.time(&row, "sys_updated_at", row.sys_updated_at.as_deref(), self.reading.updated_at)?;
            let at = at.ok_or_else(|| refusal(&row, "sys_updated_at", "it says no time"))?;
            if let Some(text) = &row.sys_mod_count {
                let wrong = |_| refusal(&row, "sys_mod_count", &format!("{text:?} is no number of updates"));
                counts.push(text.parse::<u64>().map_err(wrong)?);
            }
            timed.push((place, at, row));
        }
        let is_counted = counts.len() == timed.len() && counts.is_sorted() && counts.first() < counts.last();
        let mut latest: Option<DateTime<Utc>> = None;
        for (_, at, row) in &timed {
            if latest.is_some_and(|latest| *at < latest) {
                let what = if is_counted {
                    "out of time order: sys_mod_count counts the updates in the order of the rows, which is kept"
                } else {
                    "out of time order: what counts is the time, not the order of the rows"
                };
                self.judge(row, what);
            }
            latest = latest.max(Some(*at));
        }
        if !is_counted {
            timed.sort_by_key(|(_, at, _)| *at);
        }
        Ok(timed)
    }

    /// A time, if the cell says one; that can't be read, and that is still to come, are errors.
    fn time(
        &mut self,
        row: &Row,
        column: &'static str,
        cell: Option<&str>,
        order: Order,
    ) -> Result<Option<DateTime<Utc>>, String> {
        let Some(text) = cell else { return Ok(None) };
        let wrong = |why: &str| refusal(row, column, &format!("{text:?} {why}"));
        let parts = Parts::read(text).map_err(wrong)?;
        let (at, is_first_of_two) = parts.moment(order, self.reading.zone).map_err(|why| wrong(&why))?;
        if at > self.reading.now {
            return Err(wrong("lies in the future (--time-zone says what zone the file's times are in)"));
        }
        if is_first_of_two {
            self.judge(
                row,
                format!("{column} within the hour in which clocks are put back: the first is taken"),
            );
        }
        Ok(Some(at))
    }

    fn snapshot(&mut self, row: &Row) -> Result<Snapshot, String> {
        let settings = self.reading.settings;
        let status = self.status(row)?;
        let priority = if let Some(text) = &row.priority {
            states::priority(settings, text)
                .ok_or_else(|| refusal(row, "priority", &format!("{text:?} stands for no priority here")))?
        } else {
            self.judge(row, "no priority: the default is taken");
            settings.default_priority.clone()
        };
        let resolves = settings.status(&status).is_some_and(|to| to.category == StatusCategory::Resolved);
        let team = row.assignment_group.clone().map(TeamId::new).transpose();
        let team = team.map_err(|error| refusal(row, "assignment_group", &error.to_string()))?;
        let agent = row.assigned_to.clone().map(UserId::new).transpose();
        let agent = agent.map_err(|error| refusal(row, "assigned_to", &error.to_string()))?;
        let resolution = row.closed_code.clone().filter(|_| resolves);
        bounded(row, "closed_code", resolution.as_ref(), settings.limits.body)?;
        let category = self.line(row, "category", row.category.as_deref(), MAX_NAME)?;
        Ok(Snapshot {
            status,
            priority,
            category,
            request_type: None,
            assignment: Assignment { agent, team, organization: None },
            resolution,
        })
    }

    /// A text of one line: breaks and tabs in it are spaces there.
    fn line(
        &mut self,
        row: &Row,
        column: &'static str,
        cell: Option<&str>,
        most: usize,
    ) -> Result<Option<String>, String> {
        let Some(text) = cell else { return Ok(None) };
        let line = one_line(text);
        if line != text {
            self.judge(row, format!("line breaks and tabs in {column}, which is one line: spaces are taken"));
        }
        bounded(row, column, Some(&line), most)?;
        Ok(Some(line))
    }

    fn status(&mut self, row: &Row) -> Result<String, String> {
        let settings = self.reading.settings;
        let Some(state) = row.incident_state.as_deref() else {
            return Err(refusal(row, "incident_state", "it says no state"));
        };
        let Some(status) = states::status(settings, state) else {
            let before = self.status.clone().filter(|_| state == states::UNKNOWN);
            let before = before.ok_or_else(|| {
                refusal(row, "incident_state", &format!("{state:?} stands for no status here"))
            })?;
            self.judge(row, format!("state {state}, which means nothing here: the state before stays"));
            return Ok(before);
        };
        if let (Some(before), Some(from)) = (self.state.clone(), self.status.clone())
            && from != status
            && (before == "Closed" || !settings.allowed_from(&from).contains(&status.as_str()))
        {
            let what = format!("from {before} to {state}, past the workflow: taken as it happened");
            self.judge(row, what);
        }
        self.state = Some(state.to_owned());
        self.status = Some(status.clone());
        Ok(status)
    }

    fn opened_at(&mut self, first: &Row, updated: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
        let said = self.time(first, "opened_at", first.opened_at.as_deref(), self.reading.opened_at)?;
        Ok(match said {
            Some(opened) if opened <= updated => opened,
            Some(_) => {
                self.judge(first, "opened after its first update: the time of the update is taken");
                updated
            }
            None => {
                self.judge(first, "no time of opening: that of the first update is taken");
                updated
            }
        })
    }

    fn opening(&mut self, first: Row, state: Snapshot) -> Result<Opening, String> {
        let limits = &self.reading.settings.limits;
        let requester = user(&first, "caller_id", first.caller_id.as_ref())?;
        bounded(&first, "number", Some(&first.number), MAX_NAME)?;
        let columns: Vec<(&str, &String)> = match &first.short_description {
            Some(text) => vec![("short_description", text)],
            None => [
                ("category", &first.category),
                ("subcategory", &first.subcategory),
                ("u_symptom", &first.u_symptom),
            ]
            .into_iter()
            .filter_map(|(column, cell)| Some((column, cell.as_ref()?)))
            .collect(),
        };
        let about: Vec<&str> = columns.iter().map(|(_, text)| text.as_str()).collect();
        let about = if about.is_empty() { first.number.clone() } else { about.join(" · ") };
        let subject = one_line(&about);
        if subject.chars().count() > limits.subject {
            let longest = columns.iter().max_by_key(|(_, text)| text.chars().count());
            let (column, length) =
                longest.map_or(("number", 0), |(column, text)| (*column, text.chars().count()));
            let why =
                format!("{length} characters; the subject, which it is part of, takes {}", limits.subject);
            return Err(refusal(&first, column, &why));
        }
        let description = format!("Incident {} of ServiceNow: {about}.", first.number);
        let (source, contact) = match first.contact_type.as_deref() {
            Some("Phone" | "IVR") => (Source::Phone, None),
            Some("Self service" | "Self-service") => (Source::Portal, None),
            Some("Email") => (Source::Email, None),
            Some("Direct opening") => (Source::Manual, None),
            // Kept beside, so that it isn't lost.
            _ => (Source::Import, first.contact_type.clone()),
        };
        let fields = [
            ("contact_type", contact),
            ("location", first.location.clone()),
            ("subcategory", first.subcategory.clone()),
            ("symptom", first.u_symptom.clone()),
            ("configuration_item", first.cmdb_ci.clone()),
            ("impact", first.impact.clone()),
            ("urgency", first.urgency.clone()),
        ];
        for (column, value) in &fields {
            bounded(&first, column, value.as_ref(), limits.body)?;
        }
        let fields =
            fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Value::String(value?))));
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
}

fn one_line(text: &str) -> String {
    if text.contains(['\n', '\r', '\t']) {
        text.split(['\n', '\r', '\t'])
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    } else {
        text.to_owned()
    }
}

/// Why a ticket isn't taken: the row of the file, the column, the reason.
fn refusal(row: &Row, column: &str, why: &str) -> String {
    format!("row {}, column {column}: {why}", row.row)
}

fn bounded(row: &Row, column: &str, text: Option<&String>, most: usize) -> Result<(), String> {
    let length = text.map_or(0, |text| if text.len() > most { text.chars().count() } else { 0 });
    if length > most {
        return Err(refusal(row, column, &format!("{length} characters; it takes {most}")));
    }
    Ok(())
}

fn user(row: &Row, column: &str, name: Option<&String>) -> Result<UserId, String> {
    let name = name.map_or(UNKNOWN, String::as_str);
    UserId::new(name).map_err(|error| refusal(row, column, &error.to_string()))
}
