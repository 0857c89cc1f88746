//! A tenant's policies, checked and ready to be asked.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::check::{PolicyError, check};
use super::{Metric, PolicySpec, Warning};
use crate::ids::Version;
use crate::sla::Configuration;
use crate::sla::calendar::{Calendar, CalendarSpec};

/// A tenant's policies in their order.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    version: Version,
    policies: Vec<Arc<Policy>>,
    auto_close: Option<TimeDelta>,
}

/// A policy with its calendar.
#[derive(Debug)]
pub struct Policy {
    /// As it is configured.
    pub spec: PolicySpec,
    /// The version of the configuration that it stands in.
    pub version: Version,
    /// The calendar as it is configured, and to reckon with.
    calendar: Option<(CalendarSpec, Arc<Calendar>)>,
}

/// What of a ticket decides which policy holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The priority's rank.
    pub priority_rank: i32,
    /// The category.
    pub category: Option<String>,
    /// The request type.
    pub request_type: Option<String>,
    /// The requester's organisation.
    pub organization: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
}

impl Rules {
    /// Reads a configuration, or says everything that is wrong with it.
    pub fn new(configuration: &Configuration) -> Result<Self, Vec<PolicyError>> {
        Self::of_version(configuration, Version(0))
    }

    /// The same, as that version of a tenant's.
    pub fn of_version(configuration: &Configuration, version: Version) -> Result<Self, Vec<PolicyError>> {
        let read = check(configuration)?;
        let policy = |spec: &PolicySpec| {
            let calendar = spec
                .calendar
                .as_ref()
                .and_then(|key| Some((configuration.calendars.get(key)?.clone(), read.get(key)?.clone())));
            Arc::new(Policy { spec: spec.clone(), version, calendar })
        };
        Ok(Self {
            version,
            policies: configuration.policies.iter().map(policy).collect(),
            auto_close: configuration.auto_close_days.map(|days| TimeDelta::days(days.into())),
        })
    }

    /// The rules that a tenant starts with.
    pub fn starting() -> &'static Arc<Self> {
        // They hold together: a test sees to it.
        static RULES: LazyLock<Arc<Rules>> =
            LazyLock::new(|| Arc::new(Rules::new(Configuration::starting()).unwrap_or_default()));
        &RULES
    }

    /// The version of the configuration that they were read from.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The policy of this key.
    pub fn named(&self, key: &str) -> Option<&Arc<Policy>> {
        self.policies.iter().find(|policy| policy.spec.key == key)
    }

    /// After what time resolved tickets close by themselves.
    pub fn auto_close(&self) -> Option<TimeDelta> {
        self.auto_close
    }

    /// Whether they say the same, whatever their versions.
    pub fn say_the_same(&self, other: &Self) -> bool {
        let alike = |one: &Arc<Policy>, other: &Arc<Policy>| {
            one.spec == other.spec && one.calendar_spec() == other.calendar_spec()
        };
        self.auto_close == other.auto_close
            && self.policies.len() == other.policies.len()
            && self.policies.iter().zip(&other.policies).all(|(one, other)| alike(one, other))
    }

    /// The first policy that fits.
    pub fn policy_for(&self, subject: &Subject) -> Option<&Arc<Policy>> {
        self.policies.iter().find(|policy| policy.fits(subject))
    }
}

impl Policy {
    fn fits(&self, subject: &Subject) -> bool {
        fn one_of(wanted: &[String], value: Option<&String>) -> bool {
            wanted.is_empty() || value.is_some_and(|value| wanted.contains(value))
        }
        let when = &self.spec.when;
        (when.priority_rank.is_empty() || when.priority_rank.contains(&subject.priority_rank))
            && one_of(&when.category, subject.category.as_ref())
            && one_of(&when.request_type, subject.request_type.as_ref())
            && one_of(&when.organization, subject.organization.as_ref())
            && (when.tag.is_empty() || subject.tags.iter().any(|tag| when.tag.contains(tag)))
    }

    /// The target of a metric.
    pub fn target(&self, metric: Metric) -> Option<TimeDelta> {
        self.spec.target(metric).map(TimeDelta::minutes)
    }

    /// How much of a target is used when its clock warns.
    pub fn warns_at(&self, target: TimeDelta) -> Option<TimeDelta> {
        Some(match self.spec.warning? {
            Warning::Percent(percent) => part(target, percent.into()),
            Warning::MinutesBefore(minutes) => (target - TimeDelta::minutes(minutes)).max(TimeDelta::zero()),
        })
    }

    /// Whether a clock would run alike under another policy: same target, warning and time counted.
    pub(in crate::sla) fn counts_like(&self, other: &Self, metric: Metric) -> bool {
        self.spec.key == other.spec.key
            && self.spec.target(metric) == other.spec.target(metric)
            && self.spec.warning == other.spec.warning
            && self.calendar_spec() == other.calendar_spec()
    }

    fn calendar_spec(&self) -> Option<&CalendarSpec> {
        self.calendar.as_ref().map(|(spec, _)| spec)
    }

    /// The time that counts from one instant to another.
    pub fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        match &self.calendar {
            Some((_, calendar)) => calendar.between(from, to),
            None => (to - from).max(TimeDelta::zero()),
        }
    }

    /// When so much time has counted since an instant; `None` beyond the year 2199.
    pub fn after(&self, start: DateTime<Utc>, amount: TimeDelta) -> Option<DateTime<Utc>> {
        match &self.calendar {
            Some((_, calendar)) => calendar.after(start, amount),
            None => start.checked_add_signed(amount.max(TimeDelta::zero())),
        }
    }
}

/// So many percent of a stretch of time, to the microsecond.
pub(in crate::sla) fn part(whole: TimeDelta, percent: i64) -> TimeDelta {
    let micros = whole.num_microseconds().unwrap_or(i64::MAX);
    TimeDelta::microseconds((i128::from(micros) * i128::from(percent) / 100) as i64)
}
