//! What becomes of a ticket's promises, and under what that counts: the policy, and who had the ticket when it
//! was decided.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::clock::{Kept, Moment};
use super::policy::{Metric, Rules};
use super::watch::Watch;
use crate::ticket::TicketEvent;
use crate::ticket::event::{Assignment, TicketOpened};

/// A ticket with its clocks, and what was decided of them.
#[derive(Clone, Debug, Default)]
pub struct Promises {
    /// Its clocks.
    pub watch: Watch,
    /// Its priority.
    pub priority: String,
    /// Who has it.
    pub agent: Option<String>,
    /// The team that has it.
    pub team: Option<String>,
    /// The requester's organisation.
    pub organization: Option<String>,
    /// What was decided of its clocks.
    pub decided: Vec<Decided>,
}

/// That it was decided whether a promise was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// What was promised.
    pub metric: Metric,
    /// Which clock of it.
    pub instance: u32,
    /// Whether it was kept.
    pub kept: Kept,
    /// When that was decided.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
}

/// What became of a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The policy's key.
    pub policy: String,
    /// The ticket's priority when it was decided.
    pub priority: String,
    /// Who had it then.
    pub agent: Option<String>,
    /// The team that had it then.
    pub team: Option<String>,
    /// The requester's organisation.
    pub organization: Option<String>,
    /// It wasn't kept.
    pub missed: bool,
    /// When that was decided.
    pub at: DateTime<Utc>,
}

/// Of which clock: what was promised, and which of several.
pub type ClockKey = (Metric, u32);

impl Promises {
    /// A ticket that is being opened.
    pub fn opened(event: &TicketOpened) -> Self {
        let mut promises = Self {
            priority: event.priority.clone(),
            organization: event.organization.as_ref().map(ToString::to_string),
            ..Self::default()
        };
        promises.assign(&event.assignment);
        promises
    }

    /// Whether an event can change anything about it. Who has a ticket counts for what becomes of its promises.
    pub fn concerns(event: &TicketEvent) -> bool {
        matches!(event, TicketEvent::TicketAssigned(_) | TicketEvent::TicketUnassigned(_))
            || Watch::concerns(event)
    }

    /// Takes in what happened, the opening too.
    pub fn follow(&mut self, event: &TicketEvent, moment: Moment, imported: bool, rules: &Rules) {
        self.watch.follow(event, moment, imported, rules);
        match event {
            TicketEvent::PriorityChanged(event) => self.priority.clone_from(&event.to),
            TicketEvent::TicketAssigned(event) => self.assign(&event.to),
            TicketEvent::TicketUnassigned(_) => self.assign(&Assignment::default()),
            _ => {}
        }
    }

    fn assign(&mut self, to: &Assignment) {
        self.agent = to.agent.as_ref().map(ToString::to_string);
        self.team = to.team.as_ref().map(ToString::to_string);
    }

    /// What is decided now and wasn't, or otherwise, by clock; none for what is decided no longer. What an
    /// outcome tells is as it was when it was decided, so one that stands is left alone. Of a ticket that is
    /// cancelled, deleted or spam nothing counts.
    pub fn decide(&mut self) -> Vec<(ClockKey, Option<Outcome>)> {
        let (mut decided, mut changes) = (Vec::new(), Vec::new());
        let clocks = self.watch.clocks();
        let counting = if clocks.is_void() { &[] } else { clocks.clocks() };
        for clock in counting {
            let (Some((kept, at)), Some(policy)) = (clock.decided(), &clock.policy) else { continue };
            let now = Decided { metric: clock.metric, instance: clock.instance, kept, at };
            if !self.decided.contains(&now) {
                let outcome = Outcome {
                    policy: policy.spec.key.clone(),
                    priority: self.priority.clone(),
                    agent: self.agent.clone(),
                    team: self.team.clone(),
                    organization: self.organization.clone(),
                    missed: kept == Kept::Missed,
                    at,
                };
                changes.push(((clock.metric, clock.instance), Some(outcome)));
            }
            decided.push(now);
        }
        for before in &self.decided {
            let same = |now: &Decided| (now.metric, now.instance) == (before.metric, before.instance);
            if !decided.iter().any(same) {
                changes.push(((before.metric, before.instance), None));
            }
        }
        self.decided = decided;
        changes
    }
}
