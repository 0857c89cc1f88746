//! A ticket's clocks: what was promised for it, how much time of that is used, and when it is due.
//!
//! A clock keeps the stretches in which it ran, and nothing that can be reckoned from them. So when the
//! priority, the policy or the calendar changes, what is due follows from the start under what holds
//! then, and time that was paused stays paused.

mod alarm;
mod fold;
mod state;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub(in crate::sla) use alarm::in_order;
pub use alarm::{Alarm, AlarmKey, Cause};
pub use fold::TicketClocks;
pub use state::{Kept, SlaState};

use super::policy::{Metric, Policy};
use crate::ids::Position;

/// When an event happened, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    /// The event's place in the log.
    pub position: Position,
}

/// A stretch in which a clock ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// What started it.
    pub from: Moment,
    /// What ended it; none while it runs.
    pub to: Option<Moment>,
}

/// What happened to a clock, and by which event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The event.
    pub moment: Moment,
    /// What it did.
    pub change: Change,
}

/// What an event did to a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Started it.
    Started,
    /// Paused it.
    Paused,
    /// Had it go on.
    Resumed,
    /// Fulfilled it: somebody answered, or resolved the ticket.
    Stopped,
    /// Made it void: the ticket was cancelled, deleted, or is spam.
    Cancelled,
    /// Put it under another promise: that of this policy, or none.
    Promised {
        /// The policy's key.
        policy: Option<String>,
        /// The clock's generation from here on.
        generation: u32,
    },
}

/// How a clock ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// It was fulfilled, in time or not.
    Stopped(Moment),
    /// It is void.
    Cancelled(Moment),
}

/// What a clock is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// It runs.
    Running,
    /// It waits: for the customer, or because the ticket is resolved.
    Paused,
    /// It was fulfilled by its due time.
    Met,
    /// It was fulfilled after it.
    Missed,
    /// It is void.
    Cancelled,
}

/// A promise to a ticket, and how it is kept.
#[derive(Clone, Debug)]
pub struct Clock {
    /// What is promised.
    pub metric: Metric,
    /// Which of the ticket's clocks of this metric, from 1.
    pub instance: u32,
    /// How often it was put under another promise, from 1. Warnings and breaches are told once for each.
    pub generation: u32,
    /// The policy that holds, if any.
    pub policy: Option<Arc<Policy>>,
    /// When it ran.
    pub spans: Vec<Span>,
    /// How it ended, if it did.
    pub end: Option<End>,
    /// It was raised that it is nearly due, under this promise.
    pub warned: bool,
    /// It was raised that it is overdue, under this promise.
    pub breached: bool,
    /// What happened to it, in order.
    pub steps: Vec<Step>,
}

impl Clock {
    fn start(metric: Metric, instance: u32, moment: Moment, policy: Option<Arc<Policy>>) -> Self {
        let started = Step { moment, change: Change::Started };
        let spans = vec![Span { from: moment, to: None }];
        let steps = vec![started];
        Self {
            metric,
            instance,
            generation: 1,
            policy,
            spans,
            end: None,
            warned: false,
            breached: false,
            steps,
        }
    }

    /// The promise and its policy; none if nothing is promised.
    fn promise(&self) -> Option<(&Arc<Policy>, TimeDelta)> {
        let policy = self.policy.as_ref()?;
        Some((policy, policy.target(self.metric)?))
    }

    /// What is promised.
    pub fn target(&self) -> Option<TimeDelta> {
        self.promise().map(|(_, target)| target)
    }

    /// What started it.
    pub fn started(&self) -> Option<Moment> {
        self.spans.first().map(|span| span.from)
    }

    /// The time that it has counted up to an instant.
    pub fn used(&self, now: DateTime<Utc>) -> TimeDelta {
        let Some((policy, _)) = self.promise() else { return TimeDelta::zero() };
        let span = |span: &Span| policy.between(span.from.at, span.to.map_or(now, |to| to.at.min(now)));
        self.spans.iter().map(span).sum()
    }

    /// The time that is left; negative when it is overdue.
    pub fn left(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        Some(self.target()? - self.used(now))
    }

    /// When it is, or was, due. None while it is paused before that.
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        self.reaches(self.target()?)
    }

    /// When it warns, or would have. None without a warning, or while it is paused before that.
    pub fn warns_at(&self) -> Option<DateTime<Utc>> {
        let (policy, target) = self.promise()?;
        self.reaches(policy.warns_at(target)?)
    }

    /// When so much time is used. What stops a clock at that very instant is in time.
    fn reaches(&self, amount: TimeDelta) -> Option<DateTime<Utc>> {
        let (policy, _) = self.promise()?;
        let mut left = amount;
        for span in &self.spans {
            let reached = policy.after(span.from.at, left)?;
            match span.to {
                Some(to) if reached >= to.at => left -= policy.between(span.from.at, to.at),
                _ => return Some(reached),
            }
        }
        None
    }

    /// Whether its due time had passed at an instant, or when it was stopped before that.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.due_at().is_some_and(|due| due < now)
    }

    /// What it is at an instant after its last step; none if nothing is promised.
    pub fn state(&self, now: DateTime<Utc>) -> Option<ClockState> {
        self.promise()?;
        Some(match self.end {
            Some(End::Cancelled(_)) => ClockState::Cancelled,
            // A due time within its spans is before the one at which it was stopped.
            Some(End::Stopped(_)) if self.is_overdue(now) => ClockState::Missed,
            Some(End::Stopped(_)) => ClockState::Met,
            None if self.is_running() => ClockState::Running,
            None => ClockState::Paused,
        })
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.spans.last().is_some_and(|span| span.to.is_none())
    }

    fn run(&mut self, moment: Moment) {
        if !self.is_running() {
            self.spans.push(Span { from: moment, to: None });
            self.steps.push(Step { moment, change: Change::Resumed });
        }
    }

    fn pause(&mut self, moment: Moment) {
        if self.halt(moment) {
            self.steps.push(Step { moment, change: Change::Paused });
        }
    }

    fn finish(&mut self, end: End) {
        let (moment, change) = match end {
            End::Stopped(moment) => (moment, Change::Stopped),
            End::Cancelled(moment) => (moment, Change::Cancelled),
        };
        self.halt(moment);
        self.end = Some(end);
        self.steps.push(Step { moment, change });
    }

    /// Ends the stretch that runs; says whether one did.
    fn halt(&mut self, moment: Moment) -> bool {
        let running = self.spans.last_mut().filter(|span| span.to.is_none());
        running.map(|span| span.to = Some(moment)).is_some()
    }

    /// Puts it under what holds now, as a new generation if that is another promise.
    fn promise_by(&mut self, policy: Option<&Arc<Policy>>, moment: Moment) {
        let same = match (&self.policy, policy) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new) || old.counts_like(new, self.metric),
            (old, new) => old.is_none() && new.is_none(),
        };
        if !same {
            self.generation += 1;
            self.warned = false;
            self.breached = false;
            let key = policy.map(|policy| policy.spec.key.clone());
            let change = Change::Promised { policy: key, generation: self.generation };
            self.steps.push(Step { moment, change });
        }
        self.policy = policy.cloned();
    }
}

#[cfg(test)]
mod tests;
