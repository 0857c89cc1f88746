//! What is raised for a ticket as time goes by: each alarm once, in order of time.
//!
//! Two ways to go through a ticket's events. [`Watch::apply`] raises by itself, and so tells what would
//! have been raised. [`Watch::follow`] learns from the events what was, and [`Watch::due`] tells what is
//! missing: what ought to have been raised by now, and stands in no event. Both find the same, so that
//! what is raised doesn't depend on when somebody looks.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::clock::{Alarm, AlarmKey, Cause, Clock, Moment, TicketClocks, in_order};
use super::policy::{Metric, Rules};
use crate::ids::Position;
use crate::ticket::TicketEvent;

/// A ticket's clocks, and what was raised for it.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    pub(super) clocks: TicketClocks,
    pub(super) raised: BTreeSet<AlarmKey>,
    /// What fell due before something else happened, and wasn't raised yet.
    pub(super) late: Vec<Alarm>,
    /// The last event that was imported. Clocks that stood still by then raise nothing.
    pub(super) imported: Position,
    /// Before then nothing falls due that isn't among what is late already; unknown after an event.
    pub(super) quiet_until: Option<DateTime<Utc>>,
}

impl Watch {
    /// Its clocks.
    pub fn clocks(&self) -> &TicketClocks {
        &self.clocks
    }

    /// What is to be raised by now and wasn't; it counts as raised from here on. What happens at the very
    /// due time is in time, so only what was due before now is.
    pub fn until(&mut self, now: DateTime<Utc>) -> Vec<Alarm> {
        let mut alarms = self.clocks.alarms();
        alarms.retain(|alarm| alarm.at < now && self.raised.insert(alarm.key()));
        alarms
    }

    /// Takes in an event; gives what was to be raised before it.
    pub fn apply(&mut self, event: &TicketEvent, moment: Moment, rules: &Rules) -> Vec<Alarm> {
        let alarms = self.until(moment.at);
        self.clocks.apply(event, moment, rules);
        alarms
    }

    /// Takes in other rules; gives what was to be raised before that.
    pub fn apply_rules(&mut self, moment: Moment, rules: &Rules) -> Vec<Alarm> {
        let alarms = self.until(moment.at);
        self.clocks.rules_changed(moment, rules);
        alarms
    }

    /// Whether an event can change anything about it.
    pub fn concerns(event: &TicketEvent) -> bool {
        TicketClocks::concerns(event) || told(event).is_some()
    }

    /// Takes in an event, and what it says was raised.
    pub fn follow(&mut self, event: &TicketEvent, moment: Moment, imported: bool, rules: &Rules) {
        if let Some(key) = told(event) {
            self.late.retain(|alarm| alarm.key() != key);
            self.raised.insert(key);
        } else if imported {
            self.imported = moment.position;
        } else if TicketClocks::concerns(event) {
            self.note_late(moment.at);
        }
        self.quiet_until = None;
        self.clocks.apply(event, moment, rules);
        if self.clocks.is_done() || self.clocks.is_void() {
            self.late.retain(|alarm| !matches!(alarm.cause, Cause::Escalation(_)));
        }
    }

    /// Takes in other rules.
    pub fn follow_rules(&mut self, moment: Moment, rules: &Rules) {
        self.note_late(moment.at);
        self.quiet_until = None;
        self.clocks.rules_changed(moment, rules);
    }

    /// What is to be raised by now, in order of time.
    pub fn due(&self, now: DateTime<Utc>) -> Vec<Alarm> {
        let mut due: Vec<Alarm> = self.missing().filter(|alarm| alarm.at < now).collect();
        due.extend(self.late.iter().filter(|alarm| alarm.at < now).cloned());
        in_order(&mut due);
        due
    }

    /// When something falls due next, of what isn't late already.
    pub(super) fn missing_at(&self) -> Option<DateTime<Utc>> {
        self.missing().map(|alarm| alarm.at).min()
    }

    /// When the ticket is to close by itself.
    pub fn closes_at(&self, rules: &Rules) -> Option<DateTime<Utc>> {
        self.clocks.resolved()?.at.checked_add_signed(rules.auto_close()?)
    }

    /// What falls due before an event is late once that has happened: the clocks may not know it any more.
    fn note_late(&mut self, at: DateTime<Utc>) {
        if self.quiet_until.is_some_and(|until| until >= at) {
            return;
        }
        let late: Vec<Alarm> = self.missing().filter(|alarm| alarm.at < at).collect();
        self.late.extend(late);
    }

    /// What the clocks have to be told of, and stands neither in an event nor among what is late.
    fn missing(&self) -> impl Iterator<Item = Alarm> {
        let speaks = |clock: &&Clock| match clock.spans.last().and_then(|span| span.to) {
            Some(stopped) => stopped.position > self.imported,
            None => true,
        };
        let alarms =
            self.clocks.clocks().iter().filter(speaks).flat_map(|clock| self.clocks.alarms_of(clock));
        alarms.filter(|alarm| {
            let key = alarm.key();
            !self.raised.contains(&key) && self.late.iter().all(|late| late.key() != key)
        })
    }
}

/// What an event says was raised.
fn told(event: &TicketEvent) -> Option<AlarmKey> {
    let key = |metric: Metric, instance, generation, cause, policy| {
        Some(AlarmKey { metric, instance, generation, cause, policy })
    };
    match event {
        TicketEvent::SlaWarned(event) => {
            key(event.metric, event.instance, Some(event.generation), Cause::Warning, None)
        }
        TicketEvent::SlaBreached(event) => {
            key(event.metric, event.instance, Some(event.generation), Cause::Breach, None)
        }
        TicketEvent::TicketEscalated(event) => {
            let rule = event.rule.as_ref()?;
            let cause = Cause::Escalation(rule.step);
            key(rule.metric, rule.instance, None, cause, Some(rule.policy.clone()))
        }
        _ => None,
    }
}
