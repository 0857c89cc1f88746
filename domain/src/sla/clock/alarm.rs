//! What a clock will have to be told of, and when.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Clock, TicketClocks};
use crate::sla::policy::{After, Metric, Policy, part};

/// Something to be raised once its time has come.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// When.
    pub at: DateTime<Utc>,
    /// What is promised.
    pub metric: Metric,
    /// Which clock of it.
    pub instance: u32,
    /// Under which promise.
    pub generation: u32,
    /// What.
    pub cause: Cause,
    /// The policy that promises it.
    pub policy: Arc<Policy>,
    /// When the promise is, or was, to be kept; none if the clock was paused before that.
    pub due_at: Option<DateTime<Utc>>,
}

/// What is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Cause {
    /// It will be due soon.
    Warning,
    /// It is overdue.
    Breach,
    /// A step of the policy's escalation, from 0.
    Escalation(u32),
}

/// What is raised once for ever for each ticket: a warning and a breach of each clock under each
/// promise; a step of a policy's escalation for each clock, whatever became of the promise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AlarmKey {
    pub(in crate::sla) metric: Metric,
    pub(in crate::sla) instance: u32,
    pub(in crate::sla) generation: Option<u32>,
    pub(in crate::sla) cause: Cause,
    pub(in crate::sla) policy: Option<String>,
}

impl Alarm {
    /// What it is raised once for.
    pub fn key(&self) -> AlarmKey {
        let Self { metric, instance, cause, .. } = *self;
        let (generation, policy) = match cause {
            Cause::Escalation(_) => (None, Some(self.policy.spec.key.clone())),
            _ => (Some(self.generation), None),
        };
        AlarmKey { metric, instance, generation, cause, policy }
    }
}

impl TicketClocks {
    /// What is still to be raised, in order of time, and what would have been: clocks that have ended
    /// escalate nothing any more, but tell when they warned and were missed.
    pub fn alarms(&self) -> Vec<Alarm> {
        let mut alarms: Vec<Alarm> = self.clocks().iter().flat_map(|clock| self.alarms_of(clock)).collect();
        in_order(&mut alarms);
        alarms
    }

    pub(in crate::sla) fn alarms_of(&self, clock: &Clock) -> Vec<Alarm> {
        let Some((policy, target)) = clock.promise() else { return Vec::new() };
        let due_at = clock.due_at();
        let alarm = |at, instance, cause| Alarm {
            at,
            metric: clock.metric,
            instance,
            generation: clock.generation,
            cause,
            policy: policy.clone(),
            due_at,
        };
        // A warning after the fact warns nobody.
        let warns = clock.warns_at().filter(|warns| due_at.is_none_or(|due| *warns < due));
        let mut alarms: Vec<Alarm> = [(Cause::Warning, warns), (Cause::Breach, due_at)]
            .into_iter()
            .filter_map(|(cause, at)| Some(alarm(at?, clock.instance, cause)))
            .collect();
        if clock.end.is_some() {
            return alarms;
        }
        for (nth, step) in (0..).zip(&policy.spec.escalation) {
            let (at, instance) = match step.after {
                After::Breach(metric) if metric == clock.metric => (due_at, clock.instance),
                After::PercentUsed(metric, percent) if metric == clock.metric => {
                    (clock.reaches(part(target, percent.into())), clock.instance)
                }
                // By the clock on the wall, once for a ticket; told with the resolution.
                After::OpenHours(hours) if clock.metric == Metric::Resolution => {
                    let opened = self.opened().map(|opened| opened.at);
                    (opened.and_then(|at| at.checked_add_signed(TimeDelta::hours(hours))), 1)
                }
                _ => (None, 0),
            };
            alarms.extend(at.map(|at| alarm(at, instance, Cause::Escalation(nth))));
        }
        alarms
    }
}

/// In order of time; what is due at the same time in the order of metrics and causes.
pub(in crate::sla) fn in_order(alarms: &mut [Alarm]) {
    alarms.sort_by_key(|alarm| (alarm.at, alarm.metric, alarm.instance, alarm.generation, alarm.cause));
}
