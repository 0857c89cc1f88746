//! What was really raised, as the events tell it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::ticket::{Ticket, by_number};
use super::{Detail, Period, Report};
use crate::ids::TicketId;
use crate::sla::clock::{Cause, Moment};
use crate::sla::policy::Metric;
use crate::ticket::TicketEvent;

/// Gathers what was really raised.
#[derive(Debug)]
pub(super) struct Happened {
    period: Period,
    tickets: HashMap<TicketId, Ticket>,
    report: Report,
}

impl Happened {
    pub(super) fn new(period: Period) -> Self {
        Self { period, tickets: HashMap::new(), report: Report::default() }
    }

    /// Takes in an event. What was raised counts when it was due, however late that was.
    pub(super) fn take(&mut self, ticket: TicketId, event: &TicketEvent, moment: Moment) {
        if let Some(due) = raised(event) {
            if let Some(ticket) = self.tickets.get_mut(&ticket) {
                self.report.count(ticket, due, self.period);
            }
        } else if moment.at < self.period.to {
            self.tickets.entry(ticket).or_default().apply(event);
        }
    }

    pub(super) fn finish(mut self, detail: Detail) -> Report {
        for ticket in by_number(self.tickets.into_values(), |ticket| ticket) {
            self.report.list(ticket, detail);
        }
        self.report
    }
}

/// What an event says was raised, and when it was due.
fn raised(event: &TicketEvent) -> Option<(DateTime<Utc>, Metric, Cause)> {
    match event {
        TicketEvent::SlaWarned(event) => Some((event.warning_at, event.metric, Cause::Warning)),
        TicketEvent::SlaBreached(event) => Some((event.due_at, event.metric, Cause::Breach)),
        TicketEvent::TicketEscalated(event) => {
            let rule = event.rule.as_ref()?;
            Some((rule.due_at, rule.metric, Cause::Escalation(rule.step)))
        }
        _ => None,
    }
}
