//! What is raised for a ticket as time goes by: each alarm once, in order of time.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::clock::{Alarm, Cause, Moment, TicketClocks};
use super::policy::{Metric, Rules};
use crate::ticket::TicketEvent;

/// A ticket's clocks, and what was raised for it.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    clocks: TicketClocks,
    raised: BTreeSet<(Metric, u32, u32, Cause)>,
}

impl Watch {
    /// Its clocks.
    pub fn clocks(&self) -> &TicketClocks {
        &self.clocks
    }

    /// What is to be raised by now and wasn't. What happens at the very due time is in time, so only what
    /// was due before now is.
    pub fn until(&mut self, now: DateTime<Utc>) -> Vec<Alarm> {
        let mut alarms = self.clocks.alarms();
        alarms.retain(|alarm| {
            let Alarm { metric, instance, generation, cause, at } = *alarm;
            at < now && self.raised.insert((metric, instance, generation, cause))
        });
        alarms
    }

    /// Takes in an event; gives what was to be raised before it.
    pub fn apply(&mut self, event: &TicketEvent, moment: Moment, rules: &Rules) -> Vec<Alarm> {
        let alarms = self.until(moment.at);
        self.clocks.apply(event, moment, rules);
        alarms
    }
}
