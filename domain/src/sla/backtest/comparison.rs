//! A draft beside what is configured, and both beside what happened.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::happened::Happened;
use super::{Backtest, Detail, Period, Report};
use crate::ids::{TicketId, Version};
use crate::sla::Governing;
use crate::sla::clock::Moment;
use crate::sla::event::SlaEvent;
use crate::sla::policy::Rules;
use crate::ticket::TicketEvent;

/// Replays a tenant's past three times at once.
#[derive(Debug)]
pub struct Comparison {
    period: Period,
    events: usize,
    governing: Governing,
    happened: Happened,
    configured: Backtest,
    draft: Backtest,
}

/// What happened in a period, and what would have.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Backtest)]
pub struct Compared {
    /// The beginning of the period.
    pub from: DateTime<Utc>,
    /// Its end; what is due then isn't within it.
    pub to: DateTime<Utc>,
    /// Tickets that were there before its end.
    pub tickets: usize,
    /// How many of the tickets' events were replayed.
    pub events: usize,
    /// What was really raised. Its outcomes are those of what is configured.
    pub happened: Report,
    /// What the policies and calendars as they were, one change after the other, raise.
    pub configured: Report,
    /// What the draft would have raised, had it held from the start.
    pub draft: Report,
}

impl Comparison {
    /// Begins with what tenants start with, and a draft.
    pub fn new(draft: Arc<Rules>, period: Period) -> Self {
        let governing = Governing::default();
        Self {
            period,
            events: 0,
            happened: Happened::new(period),
            configured: Backtest::new(governing.rules().clone(), period),
            draft: Backtest::new(draft, period),
            governing,
        }
    }

    /// Takes in an event of a ticket. All come in the order of the log.
    pub fn take(&mut self, ticket: TicketId, event: &TicketEvent, moment: Moment) {
        self.events += 1;
        self.happened.take(ticket, event, moment);
        self.configured.take(ticket, event, moment);
        self.draft.take(ticket, event, moment);
    }

    /// Takes in a change of policies or calendars, and its place among these.
    pub fn take_change(&mut self, event: SlaEvent, version: Version, moment: Moment) {
        if self.governing.apply(event, version) {
            self.configured.rules_changed(self.governing.rules().clone(), moment);
        }
    }

    /// How many tickets there are so far.
    pub fn tickets(&self) -> usize {
        self.draft.tickets.len()
    }

    /// What it came to.
    pub fn finish(self, detail: Detail) -> Compared {
        let Self { period: Period { from, to }, events, .. } = self;
        let tickets = self.tickets();
        let (configured, draft) = (self.configured.finish(detail), self.draft.finish(detail));
        let mut happened = self.happened.finish(detail);
        happened.outcomes.clone_from(&configured.outcomes);
        Compared { from, to, tickets, events, happened, configured, draft }
    }
}
