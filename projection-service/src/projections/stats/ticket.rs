//! What of a ticket is counted.

use chrono::{DateTime, Utc};
use domain::stats::{Dimension, Measure, sketch};
use domain::tenant::StatusCategory;
use domain::ticket::TicketEvent;
use domain::ticket::event::{Assignment, TicketOpened};
use serde::{Deserialize, Serialize};

use crate::entry::Fact;
use crate::projections::words::{source, text};
use crate::row::Bytes;

/// A quarter of an hour, in microseconds.
const QUARTER: i64 = 900_000_000;

/// A ticket as it is counted. Times are microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Ticket {
    priority: String,
    category: String,
    source: String,
    team: String,
    agent: String,
    opened: i64,
    resolved: Vec<i64>,
    closed: Vec<i64>,
    reopened: Vec<i64>,
    handed_over: Vec<i64>,
    /// When it came to be worked on (true), or was done with.
    moves: Vec<(i64, bool)>,
    answered: Option<i64>,
    /// The resolving that stands.
    solved: Option<i64>,
    rated: Option<(i64, u8)>,
    spam: bool,
    deleted: bool,
}

/// One thing that is counted: when, in which bin, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) measure: Measure,
    pub(super) at: i64,
    pub(super) bin: i32,
    pub(super) value: i64,
}

impl Ticket {
    /// Whether an event can change what any ticket is counted as.
    pub(super) fn concerns(event: &TicketEvent) -> bool {
        match event {
            TicketEvent::ReplyAdded(event) => event.first_response,
            event => matches!(
                event,
                TicketEvent::TicketOpened(_)
                    | TicketEvent::TicketAssigned(_)
                    | TicketEvent::TicketUnassigned(_)
                    | TicketEvent::StatusChanged(_)
                    | TicketEvent::TicketResolved(_)
                    | TicketEvent::TicketClosed(_)
                    | TicketEvent::TicketReopened(_)
                    | TicketEvent::TicketCancelled(_)
                    | TicketEvent::TicketRated(_)
                    | TicketEvent::PriorityChanged(_)
                    | TicketEvent::CategoryChanged(_)
                    | TicketEvent::TicketMarkedSpam(_)
                    | TicketEvent::TicketUnmarkedSpam(_)
                    | TicketEvent::TicketDeleted(_)
                    | TicketEvent::TicketRestored(_)
            ),
        }
    }

    /// A ticket that was just opened.
    pub(super) fn opened(event: &TicketOpened, fact: &Fact<'_>) -> Self {
        let mut ticket = Self {
            priority: event.priority.clone(),
            category: event.category.clone().unwrap_or_default(),
            source: source(event.source).to_owned(),
            opened: fact.occurred_at().timestamp_micros(),
            ..Self::default()
        };
        ticket.assign(&event.assignment);
        ticket.moves.push((ticket.opened, true));
        if event.status_category.is_done() {
            ticket.moved(event.status_category, ticket.opened);
        }
        ticket
    }

    /// As it is kept.
    pub(super) fn read(memory: &Bytes) -> Result<Self, sqlx::Error> {
        postcard::from_bytes(&memory.0).map_err(|error| sqlx::Error::Decode(error.into()))
    }

    /// To be kept.
    pub(super) fn memory(&self) -> Result<Bytes, sqlx::Error> {
        postcard::to_allocvec(self).map(Bytes).map_err(|error| sqlx::Error::Encode(error.into()))
    }

    /// Takes in what happened.
    pub(super) fn apply(&mut self, event: &TicketEvent, at: DateTime<Utc>) {
        let at = at.timestamp_micros();
        match event {
            TicketEvent::ReplyAdded(event) if event.first_response => self.answered = Some(at),
            TicketEvent::TicketAssigned(event) => {
                let before = [self.team.clone(), self.agent.clone()];
                self.assign(&event.to);
                let now = [&self.team, &self.agent];
                let other = |(before, now): (&String, &String)| {
                    !before.is_empty() && !now.is_empty() && before != now
                };
                if before.iter().zip(now).any(other) {
                    self.handed_over.push(at);
                }
            }
            TicketEvent::TicketUnassigned(_) => self.assign(&Assignment::default()),
            TicketEvent::StatusChanged(event) => self.moved(event.to_category, at),
            TicketEvent::TicketResolved(event) => self.moved(event.to_category, at),
            TicketEvent::TicketClosed(event) => {
                self.moved(event.to_category, at);
                self.closed.push(at);
            }
            TicketEvent::TicketReopened(event) => {
                self.moved(event.to_category, at);
                self.reopened.push(at);
            }
            TicketEvent::TicketCancelled(event) => self.moved(event.to_category, at),
            TicketEvent::TicketRated(event) => self.rated = Some((at, event.rating)),
            TicketEvent::PriorityChanged(event) => self.priority.clone_from(&event.to),
            TicketEvent::CategoryChanged(event) => self.category = event.to.clone().unwrap_or_default(),
            TicketEvent::TicketMarkedSpam(_) => self.spam = true,
            TicketEvent::TicketUnmarkedSpam(_) => self.spam = false,
            TicketEvent::TicketDeleted(_) => self.deleted = true,
            TicketEvent::TicketRestored(_) => self.deleted = false,
            _ => {}
        }
    }

    fn assign(&mut self, to: &Assignment) {
        self.team = text(to.team.as_ref()).unwrap_or_default();
        self.agent = text(to.agent.as_ref()).unwrap_or_default();
    }

    fn moved(&mut self, to: StatusCategory, at: i64) {
        let open = !to.is_done();
        if self.moves.last().is_some_and(|(_, last)| *last != open) {
            self.moves.push((at, open));
        }
        match to {
            StatusCategory::Resolved | StatusCategory::Closed if self.solved.is_none() => {
                self.solved = Some(at);
                self.resolved.push(at);
            }
            StatusCategory::Resolved | StatusCategory::Closed => {}
            _ => self.solved = None,
        }
    }

    /// The value of a dimension; empty for none.
    pub(super) fn key(&self, dimension: Dimension) -> &str {
        match dimension {
            Dimension::Total => "",
            Dimension::Priority => &self.priority,
            Dimension::Category => &self.category,
            Dimension::Source => &self.source,
            Dimension::Team => &self.team,
            Dimension::Agent => &self.agent,
        }
    }

    /// Everything that is counted of it; nothing of spam and of what was put away.
    pub(super) fn counted(&self) -> Vec<Counted> {
        if self.spam || self.deleted {
            return Vec::new();
        }
        let quarter = |at: i64| at.div_euclid(QUARTER) * QUARTER;
        let once = |measure, at: i64| Counted { measure, at: quarter(at), bin: 0, value: 0 };
        let time = |measure, at: i64| {
            let value = (at - self.opened).max(0) / 1_000;
            Counted { measure, at: quarter(at), bin: sketch::bin(value), value }
        };
        let times = |measure, times: &[i64]| times.iter().map(|at| once(measure, *at)).collect::<Vec<_>>();
        let mut counted = vec![once(Measure::Created, self.opened)];
        counted.extend(times(Measure::Resolved, &self.resolved));
        counted.extend(times(Measure::Closed, &self.closed));
        counted.extend(times(Measure::Reopened, &self.reopened));
        counted.extend(times(Measure::HandedOver, &self.handed_over));
        counted.extend(
            self.moves.iter().map(|(at, open)| Counted {
                value: if *open { 1 } else { -1 },
                ..once(Measure::Backlog, *at)
            }),
        );
        counted.extend(self.answered.map(|at| time(Measure::FirstResponse, at)));
        counted.extend(self.solved.map(|at| time(Measure::Resolution, at)));
        counted.extend(self.rated.map(|(at, rating)| Counted {
            measure: Measure::Rating,
            at: quarter(at),
            bin: rating.into(),
            value: rating.into(),
        }));
        counted
    }
}
