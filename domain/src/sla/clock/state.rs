//! How a ticket stands with what was promised for it, in a word. It follows from events alone: a clock
//! is warned of and missed when that was raised, so what is listed and counted changes with an event.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Clock, End, TicketClocks};
use crate::sla::policy::Metric;

/// How a ticket, or one of its clocks, stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SlaState {
    /// Every promise that runs has time left.
    OnTrack,
    /// A response is nearly due.
    ResponseWarning,
    /// A response is overdue.
    ResponseBreached,
    /// The resolution is nearly due.
    ResolutionWarning,
    /// The resolution is overdue.
    ResolutionBreached,
    /// Nothing runs: the customer is to act.
    Paused,
    /// Everything was kept.
    Met,
    /// The work is done, and something was late.
    Missed,
}

impl SlaState {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::OnTrack,
        Self::ResponseWarning,
        Self::ResponseBreached,
        Self::ResolutionWarning,
        Self::ResolutionBreached,
        Self::Paused,
        Self::Met,
        Self::Missed,
    ];

    /// As it stands in JSON and in columns.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnTrack => "on_track",
            Self::ResponseWarning => "response_warning",
            Self::ResponseBreached => "response_breached",
            Self::ResolutionWarning => "resolution_warning",
            Self::ResolutionBreached => "resolution_breached",
            Self::Paused => "paused",
            Self::Met => "met",
            Self::Missed => "missed",
        }
    }
}

/// Whether a promise was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kept {
    /// By its due time.
    Met,
    /// Not by then.
    Missed,
}

impl Clock {
    /// How it stands alone; none if nothing is promised, or it is void.
    pub fn standing(&self) -> Option<SlaState> {
        self.target()?;
        let resolution = self.metric == Metric::Resolution;
        Some(match self.end {
            Some(End::Cancelled(_)) => return None,
            Some(End::Stopped(_)) if self.is_missed() => SlaState::Missed,
            Some(End::Stopped(_)) => SlaState::Met,
            None if self.breached && resolution => SlaState::ResolutionBreached,
            None if self.breached => SlaState::ResponseBreached,
            None if !self.is_running() => SlaState::Paused,
            None if self.warned && resolution => SlaState::ResolutionWarning,
            None if self.warned => SlaState::ResponseWarning,
            None => SlaState::OnTrack,
        })
    }

    /// Whether it was kept, once that is decided, and when it was: at the due time if it was missed, else
    /// when it was stopped.
    pub fn decided(&self) -> Option<(Kept, DateTime<Utc>)> {
        self.target()?;
        match self.end {
            Some(End::Cancelled(_)) => None,
            _ if self.is_missed() => Some((Kept::Missed, self.due_at()?)),
            Some(End::Stopped(moment)) => Some((Kept::Met, moment.at)),
            None => None,
        }
    }

    /// Whether its due time passed before it was stopped, or it was raised that it did.
    pub fn is_missed(&self) -> bool {
        self.breached || (self.end.is_some() && self.due_at().is_some())
    }
}

impl TicketClocks {
    /// The clock of the response that is owed, or was last.
    pub fn response(&self) -> Option<&Clock> {
        let mut responses = self.clocks().iter().rev().filter(|clock| clock.metric != Metric::Resolution);
        let owed = responses.clone().find(|clock| clock.end.is_none());
        owed.or_else(|| responses.next())
    }

    /// The clock of the resolution.
    pub fn resolution(&self) -> Option<&Clock> {
        self.clocks().iter().rfind(|clock| clock.metric == Metric::Resolution)
    }

    /// The next due time of what runs; in the past if that is overdue.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        self.clocks().iter().filter(|clock| clock.is_running()).filter_map(Clock::due_at).min()
    }

    /// The most pressing of what runs. Where nothing is left to do: whether everything was kept. None if
    /// nothing is promised, or all is void.
    pub fn state(&self) -> Option<SlaState> {
        if self.is_void() {
            return None;
        }
        let standings = || self.clocks().iter().filter_map(Clock::standing);
        if self.category.is_done() || self.clocks().iter().all(|clock| clock.end.is_some()) {
            standings().next()?;
            let missed = self.clocks().iter().any(|clock| clock.target().is_some() && clock.is_missed());
            return Some(if missed { SlaState::Missed } else { SlaState::Met });
        }
        let pressing = [
            SlaState::ResolutionBreached,
            SlaState::ResponseBreached,
            SlaState::ResolutionWarning,
            SlaState::ResponseWarning,
            SlaState::OnTrack,
            SlaState::Paused,
        ];
        pressing.into_iter().find(|wanted| standings().any(|standing| standing == *wanted))
    }
}
