//! A ticket's events with their times, told in a line each.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::ids::Position;
use crate::sla::Configuration;
use crate::sla::calendar::{CalendarSpec, Day, Holiday, Window};
use crate::sla::clock::{Clock, Moment, TicketClocks};
use crate::sla::policy::{Metric, PolicySpec, Rules};
use crate::tenant::StatusCategory;
use crate::ticket::TicketEvent;
use crate::ticket::commands::testing::{agent, customer, note_by, opened, reply_by};
use crate::ticket::event::{PriorityChanged, StatusChanged, TicketOpened};

/// `2026-11-20 16:30` or with seconds, in UTC.
pub(super) fn at(text: &str) -> DateTime<Utc> {
    let full = if text.len() == 16 { format!("{text}:00") } else { text.to_owned() };
    NaiveDateTime::parse_from_str(&full, "%Y-%m-%d %H:%M:%S%.f").unwrap().and_utc()
}

pub(super) fn open() -> TicketEvent {
    let TicketEvent::TicketOpened(event) = opened() else { unreachable!() };
    TicketOpened { priority_rank: 3, status_category: StatusCategory::New, ..event }.into()
}

pub(super) fn status(to: StatusCategory) -> TicketEvent {
    StatusChanged {
        from: "open".into(),
        from_category: StatusCategory::Open,
        to: to.as_str().into(),
        to_category: to,
        reason: None,
    }
    .into()
}

pub(super) fn wait() -> TicketEvent {
    status(StatusCategory::PendingCustomer)
}

pub(super) fn work() -> TicketEvent {
    status(StatusCategory::Open)
}

pub(super) fn resolve() -> TicketEvent {
    status(StatusCategory::Resolved)
}

pub(super) fn priority(rank: i32) -> TicketEvent {
    PriorityChanged { from: "x".into(), from_rank: 3, to: "y".into(), to_rank: rank, reason: None }.into()
}

pub(super) fn answer() -> TicketEvent {
    reply_by(&agent(), 1)
}

pub(super) fn ask() -> TicketEvent {
    reply_by(&customer(), 2)
}

pub(super) fn note() -> TicketEvent {
    note_by(&agent(), 3)
}

/// Monday to Friday, from nine to five.
pub(super) fn office(zone: &str, holidays: &[&str]) -> CalendarSpec {
    let window = Window { from: "09:00".parse().unwrap(), to: "17:00".parse().unwrap() };
    CalendarSpec {
        name: "Office".into(),
        time_zone: zone.into(),
        weekly: Day::ALL.into_iter().take(5).map(|day| (day, vec![window])).collect(),
        holidays: holidays.iter().map(|date| Holiday { date: (*date).into(), name: None }).collect(),
    }
}

/// Rank 1: an hour to answer, two to resolve. Others: four, and eight; next replies in one.
pub(super) fn policies() -> Vec<PolicySpec> {
    serde_json::from_value(serde_json::json!([
        {"key": "urgent", "name": "Urgent", "when": {"priority_rank": [1]}, "calendar": "office",
         "first_response": 60, "next_reply": 60, "resolution": 120, "warning": {"percent": 75}},
        {"key": "rest", "name": "Rest", "calendar": "office",
         "first_response": 240, "next_reply": 60, "resolution": 480, "warning": {"percent": 50}},
    ]))
    .unwrap()
}

pub(super) fn rules_with(policies: &[PolicySpec], office: CalendarSpec) -> Rules {
    let calendars = BTreeMap::from([("office".to_owned(), office)]);
    Rules::new(&Configuration { policies: policies.to_vec(), calendars, auto_close_days: None }).unwrap()
}

/// A ticket under way.
pub(super) struct Story {
    pub(super) clocks: TicketClocks,
    pub(super) rules: Rules,
    position: i64,
}

impl Story {
    pub(super) fn under(rules: Rules) -> Self {
        Self { clocks: TicketClocks::default(), rules, position: 0 }
    }

    /// Under the usual policies, in UTC.
    pub(super) fn begin(opened_at: &str) -> Self {
        Self::under(rules_with(&policies(), office("UTC", &[]))).then(opened_at, open())
    }

    fn moment(&mut self, when: &str) -> Moment {
        self.position += 1;
        Moment { at: at(when), position: Position(self.position) }
    }

    pub(super) fn then(mut self, when: &str, event: TicketEvent) -> Self {
        let moment = self.moment(when);
        self.clocks.apply(&event, moment, &self.rules);
        self
    }

    pub(super) fn rules(mut self, when: &str, rules: Rules) -> Self {
        let moment = self.moment(when);
        self.rules = rules;
        self.clocks.rules_changed(moment, &self.rules);
        self
    }

    pub(super) fn last(&self, metric: Metric) -> &Clock {
        self.clocks.clocks().iter().rfind(|clock| clock.metric == metric).unwrap()
    }

    pub(super) fn resolution(&self) -> &Clock {
        self.last(Metric::Resolution)
    }

    pub(super) fn response(&self) -> &Clock {
        self.last(Metric::FirstResponse)
    }
}
