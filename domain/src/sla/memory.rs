//! A [`Watch`] as it is kept between events: what can't be reckoned again, and nothing else. Policies
//! are kept by the version of the configuration that they stand in and their key.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::clock::{Alarm, AlarmKey, Cause, Clock, End, Moment, Span, TicketClocks};
use super::policy::{Metric, Policy, Rules, Subject};
use super::watch::Watch;
use crate::ids::{Position, UserId, Version};
use crate::tenant::StatusCategory;

/// What is kept of a ticket's clocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    subject: Subject,
    requester: Option<UserId>,
    category: StatusCategory,
    spam: bool,
    deleted: bool,
    waiting: Option<Moment>,
    resolved: Option<Moment>,
    opened: Option<Moment>,
    last: Option<Moment>,
    clocks: Vec<KeptClock>,
    raised: Vec<AlarmKey>,
    late: Vec<KeptAlarm>,
    imported: Position,
    quiet_until: Option<i64>,
}

/// A policy: the version of the configuration, and the key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct PolicyRef(Version, String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeptClock {
    metric: Metric,
    instance: u32,
    generation: u32,
    policy: Option<PolicyRef>,
    spans: Vec<Span>,
    end: Option<End>,
    warned: bool,
    breached: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeptAlarm {
    at: i64,
    metric: Metric,
    instance: u32,
    generation: u32,
    cause: Cause,
    policy: PolicyRef,
    due_at: Option<i64>,
}

impl PolicyRef {
    fn of(policy: &Policy) -> Self {
        Self(policy.version, policy.spec.key.clone())
    }
}

impl Watch {
    /// What is to be kept of it. What happened to each clock isn't: the log tells.
    pub fn keep(&self) -> Memory {
        let clocks = &self.clocks;
        let kept = |clock: &Clock| KeptClock {
            metric: clock.metric,
            instance: clock.instance,
            generation: clock.generation,
            policy: clock.policy.as_deref().map(PolicyRef::of),
            spans: clock.spans.clone(),
            end: clock.end,
            warned: clock.warned,
            breached: clock.breached,
        };
        let late = |alarm: &Alarm| KeptAlarm {
            at: alarm.at.timestamp_micros(),
            metric: alarm.metric,
            instance: alarm.instance,
            generation: alarm.generation,
            cause: alarm.cause,
            policy: PolicyRef::of(&alarm.policy),
            due_at: alarm.due_at.map(|at| at.timestamp_micros()),
        };
        Memory {
            subject: clocks.subject.clone(),
            requester: clocks.requester.clone(),
            category: clocks.category,
            spam: clocks.spam,
            deleted: clocks.deleted,
            waiting: clocks.waiting,
            resolved: clocks.resolved,
            opened: clocks.opened,
            last: clocks.last,
            clocks: clocks.clocks.iter().map(kept).collect(),
            raised: self.raised.iter().cloned().collect(),
            late: self.late.iter().map(late).collect(),
            imported: self.imported,
            quiet_until: Some(self.missing_at().map_or(i64::MAX, |at| at.timestamp_micros())),
        }
    }
}

impl Memory {
    /// When something is to be raised next; in the past if that is late.
    pub fn next_at(&self) -> Option<DateTime<Utc>> {
        let quiet = self.quiet_until.filter(|until| *until != i64::MAX);
        let next = self.late.iter().map(|alarm| alarm.at).chain(quiet).min()?;
        DateTime::from_timestamp_micros(next)
    }

    /// The versions of the configuration that its policies stand in, each once.
    pub fn versions(&self) -> Vec<Version> {
        let clocks = self.clocks.iter().filter_map(|clock| clock.policy.as_ref());
        let late = self.late.iter().map(|alarm| &alarm.policy);
        let mut versions: Vec<Version> = clocks.chain(late).map(|policy| policy.0).collect();
        versions.sort_unstable();
        versions.dedup();
        versions
    }

    /// The watch that was kept, with the rules of each version of the tenant's configuration.
    pub fn wake(self, rules: impl Fn(Version) -> Option<Arc<Rules>>) -> Watch {
        let find = |policy: PolicyRef| rules(policy.0)?.named(&policy.1).cloned();
        let clock = |kept: KeptClock| Clock {
            metric: kept.metric,
            instance: kept.instance,
            generation: kept.generation,
            policy: kept.policy.and_then(find),
            spans: kept.spans,
            end: kept.end,
            warned: kept.warned,
            breached: kept.breached,
            steps: Vec::new(),
        };
        let time = DateTime::from_timestamp_micros;
        let late = |kept: KeptAlarm| {
            Some(Alarm {
                at: time(kept.at)?,
                metric: kept.metric,
                instance: kept.instance,
                generation: kept.generation,
                cause: kept.cause,
                policy: find(kept.policy)?,
                due_at: kept.due_at.and_then(time),
            })
        };
        Watch {
            clocks: TicketClocks {
                subject: self.subject,
                requester: self.requester,
                category: self.category,
                spam: self.spam,
                deleted: self.deleted,
                waiting: self.waiting,
                resolved: self.resolved,
                opened: self.opened,
                last: self.last,
                clocks: self.clocks.into_iter().map(clock).collect(),
            },
            raised: self.raised.into_iter().collect(),
            late: self.late.into_iter().filter_map(late).collect(),
            imported: self.imported,
            quiet_until: self.quiet_until.map(|at| time(at).unwrap_or(DateTime::<Utc>::MAX_UTC)),
        }
    }
}
