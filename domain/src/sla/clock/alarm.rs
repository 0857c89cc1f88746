//! What a clock will have to be told of, and when.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Clock, TicketClocks};
use crate::sla::policy::{After, Metric, part};

/// Something to be raised once its time has come: once for ever for each ticket, metric, instance,
/// generation and cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
}

/// What is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// It will be due soon.
    Warning,
    /// It is overdue.
    Breach,
    /// A step of the policy's escalation, from 0.
    Escalation(usize),
}

impl TicketClocks {
    /// What is still to be raised, in order of time, and what would have been: clocks that have ended
    /// raise nothing any more, but tell what they had.
    pub fn alarms(&self) -> Vec<Alarm> {
        let mut alarms: Vec<Alarm> = self.clocks().iter().flat_map(|clock| self.alarms_of(clock)).collect();
        alarms.sort_unstable();
        alarms
    }

    fn alarms_of(&self, clock: &Clock) -> Vec<Alarm> {
        let Some((policy, target)) = clock.promise() else { return Vec::new() };
        let due = clock.due_at();
        // A warning after the fact warns nobody.
        let warns = clock.warns_at().filter(|warns| due.is_none_or(|due| *warns < due));
        let escalates = |after: After| match after {
            After::Breach(metric) if metric == clock.metric => due,
            After::PercentUsed(metric, percent) if metric == clock.metric => {
                clock.reaches(part(target, percent.into()))
            }
            // By the clock on the wall, while the ticket is open; told with the resolution.
            After::OpenHours(hours) if clock.metric == Metric::Resolution && clock.end.is_none() => {
                self.opened().and_then(|opened| opened.at.checked_add_signed(TimeDelta::hours(hours)))
            }
            _ => None,
        };
        let steps = (0..).zip(&policy.spec.escalation);
        let steps = steps.map(|(nth, step)| (Cause::Escalation(nth), escalates(step.after)));
        [(Cause::Warning, warns), (Cause::Breach, due)]
            .into_iter()
            .chain(steps)
            .filter_map(|(cause, at)| {
                let Clock { metric, instance, generation, .. } = *clock;
                Some(Alarm { at: at?, metric, instance, generation, cause })
            })
            .collect()
    }
}
