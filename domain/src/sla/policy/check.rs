//! Whether policies hold together.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{After, Metric, PolicySpec, Warning, Whom};
use crate::input::{MAX_NAME, is_short_line};
use crate::sla::Configuration;
use crate::sla::calendar::{Calendar, CalendarError, CalendarSpec};

/// The longest target: ten years of minutes.
const LONGEST: i64 = 10 * 366 * 24 * 60;
/// The most policies of a tenant.
const POLICIES: usize = 200;
/// The most calendars of a tenant.
const CALENDARS: usize = 500;
/// The most steps of an escalation.
const STEPS: usize = 20;
/// The most values of a list in a policy's condition.
const VALUES: usize = 1_000;
/// The most days after which resolved tickets close by themselves: ten years.
const LONGEST_CLOSE: u32 = 3_660;

/// What is wrong with a tenant's policies and calendars.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Something within a calendar.
    #[error("calendar {calendar:?}: {error}")]
    Calendar {
        /// Its key.
        calendar: String,
        /// What.
        error: CalendarError,
    },
    /// Not a key.
    #[error("{0:?} is no key: 1 to 64 of a-z, 0-9, _ and -")]
    Key(String),
    /// The same key twice.
    #[error("policy {0:?} is there twice")]
    Twice(String),
    /// Too many.
    #[error("at most {1} {0}")]
    TooMany(&'static str, usize),
    /// Something within a policy.
    #[error("policy {policy:?}: {fault}")]
    Policy {
        /// Its key.
        policy: String,
        /// What.
        fault: Fault,
    },
    /// Not within bounds.
    #[error("auto_close_days: from 1 to {LONGEST_CLOSE}")]
    AutoClose,
    /// Two policies for the same tickets: the second one would never hold.
    #[error("policies {first:?} and {second:?} match alike")]
    Alike {
        /// The one that holds.
        first: String,
        /// The one that doesn't.
        second: String,
    },
}

/// What is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not 1 to 100 characters.
    #[error("name: 1 to 100 characters")]
    Name,
    /// A text that can't be taken, by its place in the policy.
    #[error("{0}: 1 to {MAX_NAME} characters, and no control characters")]
    Text(String),
    /// More values in a list than can be wanted, by its place in the policy.
    #[error("{0}: at most {VALUES}")]
    Values(String),
    /// No calendar of this key.
    #[error("calendar: there is no {0:?}")]
    Calendar(String),
    /// It promises nothing.
    #[error("it has no target")]
    NoTarget,
    /// Zero, negative, or more than ten years.
    #[error("{}: from 1 minute to ten years ({LONGEST} minutes), not {}", .0.as_str(), .1)]
    Target(Metric, i64),
    /// Not within 1 to 99 percent, or no minutes.
    #[error("warning: 1 to 99 percent, or 1 minute to ten years before")]
    Warning,
    /// An escalation to nobody.
    #[error("escalation {0}: it is to nobody")]
    Nobody(usize),
    /// A step that can't come.
    #[error("escalation {0}: {1}")]
    Step(usize, &'static str),
}

/// Everything that is wrong with a tenant's policies and calendars, or the calendars.
pub(super) fn check(
    configuration: &Configuration,
) -> Result<BTreeMap<String, Arc<Calendar>>, Vec<PolicyError>> {
    let Configuration { policies, calendars: specs, auto_close_days } = configuration;
    let mut errors = Vec::new();
    if auto_close_days.is_some_and(|days| !(1..=LONGEST_CLOSE).contains(&days)) {
        errors.push(PolicyError::AutoClose);
    }
    // What is too much is refused before it is looked at.
    for (what, count, most) in [("calendars", specs.len(), CALENDARS), ("policies", policies.len(), POLICIES)]
    {
        if count > most {
            errors.push(PolicyError::TooMany(what, most));
        }
    }
    if errors.iter().any(|error| matches!(error, PolicyError::TooMany(..))) {
        return Err(errors);
    }
    let calendars = calendars(specs, &mut errors);
    errors.extend(specs.keys().filter(|key| !is_key(key)).cloned().map(PolicyError::Key));
    let mut keys = BTreeSet::new();
    let mut conditions = BTreeMap::new();
    for policy in policies {
        if !is_key(&policy.key) {
            errors.push(PolicyError::Key(policy.key.clone()));
        }
        if !keys.insert(&policy.key) {
            errors.push(PolicyError::Twice(policy.key.clone()));
        }
        let fault = |fault| PolicyError::Policy { policy: policy.key.clone(), fault };
        errors.extend(faults(policy, specs).into_iter().map(fault));
        match conditions.entry(Matched::of(policy)) {
            Entry::Vacant(new) => drop(new.insert(&policy.key)),
            Entry::Occupied(first) => {
                let (first, second) = ((*first.get()).clone(), policy.key.clone());
                errors.push(PolicyError::Alike { first, second });
            }
        }
    }
    if errors.is_empty() { Ok(calendars) } else { Err(errors) }
}

fn faults(policy: &PolicySpec, calendars: &BTreeMap<String, CalendarSpec>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !(1..=100).contains(&policy.name.chars().count()) {
        faults.push(Fault::Name);
    }
    if let Some(key) = policy.calendar.as_ref().filter(|key| !calendars.contains_key(*key)) {
        faults.push(Fault::Calendar(key.clone()));
    }
    if Metric::ALL.iter().all(|metric| policy.target(*metric).is_none()) {
        faults.push(Fault::NoTarget);
    }
    for metric in Metric::ALL {
        let target = policy.target(metric).filter(|minutes| !(1..=LONGEST).contains(minutes));
        faults.extend(target.map(|minutes| Fault::Target(metric, minutes)));
    }
    let warning = match policy.warning {
        Some(Warning::Percent(percent)) => (1..100).contains(&percent),
        Some(Warning::MinutesBefore(minutes)) => (1..=LONGEST).contains(&minutes),
        None => true,
    };
    if !warning {
        faults.push(Fault::Warning);
    }
    if policy.escalation.len() > STEPS {
        faults.push(Fault::Step(STEPS, "there are more than 20"));
    }
    for (index, step) in policy.escalation.iter().enumerate() {
        let (Whom::Role(name) | Whom::Team(name) | Whom::Agent(name)) = &step.to;
        if name.trim().is_empty() {
            faults.push(Fault::Nobody(index));
        }
        let without = |metric| policy.target(metric).is_none();
        let fault = match step.after {
            After::Breach(metric) | After::PercentUsed(metric, _) if without(metric) => {
                Some("the policy has no such target")
            }
            After::PercentUsed(_, percent) if !(101..=10_000).contains(&percent) => {
                Some("percent_used: 101 to 10000")
            }
            After::OpenHours(hours) if !(1..=LONGEST / 60).contains(&hours) => {
                Some("open_hours: from 1 to ten years")
            }
            _ if step.reassign && matches!(step.to, Whom::Role(_)) => {
                Some("a role can't be assigned to: reassign to a team or a person")
            }
            _ => None,
        };
        faults.extend(fault.map(|fault| Fault::Step(index, fault)));
    }
    faults
}

/// What a change brings that nobody could read, or no column could hold. Asked of changes alone: what was
/// taken before holds, whatever it says.
pub(in crate::sla) fn new_texts(from: &Configuration, to: &Configuration) -> Vec<PolicyError> {
    let new = |policy: &&PolicySpec| !from.policies.contains(policy);
    let of_policy = |policy: &PolicySpec| {
        let key = policy.key.clone();
        texts(policy).into_iter().map(move |fault| PolicyError::Policy { policy: key.clone(), fault })
    };
    let mut errors: Vec<_> = to.policies.iter().filter(new).flat_map(of_policy).collect();
    for (key, calendar) in to.calendars.iter().filter(|(key, spec)| from.calendars.get(*key) != Some(*spec)) {
        let names = calendar.holidays.iter().filter_map(|holiday| holiday.name.as_deref());
        if !is_short_line(&calendar.name)
            || !names.into_iter().all(|name| name.is_empty() || is_short_line(name))
        {
            errors.push(PolicyError::Calendar { calendar: key.clone(), error: CalendarError::Text });
        }
    }
    errors
}

fn texts(policy: &PolicySpec) -> Vec<Fault> {
    let when = &policy.when;
    let mut faults = Vec::new();
    if !is_short_line(&policy.name) {
        faults.push(Fault::Text("/name".to_owned()));
    }
    for (field, values) in [
        ("category", &when.category),
        ("request_type", &when.request_type),
        ("organization", &when.organization),
        ("tag", &when.tag),
    ] {
        if values.len() > VALUES {
            faults.push(Fault::Values(format!("/when/{field}")));
        }
        let bad = values.iter().take(VALUES).position(|value| !is_short_line(value));
        faults.extend(bad.map(|index| Fault::Text(format!("/when/{field}/{index}"))));
    }
    if when.priority_rank.len() > VALUES {
        faults.push(Fault::Values("/when/priority_rank".to_owned()));
    }
    for (index, step) in policy.escalation.iter().enumerate() {
        let (Whom::Role(name) | Whom::Team(name) | Whom::Agent(name)) = &step.to;
        if !name.trim().is_empty() && !is_short_line(name) {
            faults.push(Fault::Text(format!("/escalation/{index}/to")));
        }
    }
    faults
}

fn is_key(key: &str) -> bool {
    let fit = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    (1..=64).contains(&key.len()) && key.bytes().all(fit)
}

/// Which tickets a condition lets through, whatever the order of its lists: equal for conditions that let
/// the same ones through.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Matched<'a> {
    ranks: BTreeSet<i32>,
    names: [BTreeSet<&'a str>; 4],
}

impl<'a> Matched<'a> {
    fn of(policy: &'a PolicySpec) -> Self {
        let when = &policy.when;
        let names = [&when.category, &when.request_type, &when.organization, &when.tag];
        Self {
            ranks: when.priority_rank.iter().copied().collect(),
            names: names.map(|names| names.iter().map(String::as_str).collect()),
        }
    }
}

/// Reads calendars; what is wrong with them goes to `errors`.
fn calendars(
    specs: &BTreeMap<String, CalendarSpec>,
    errors: &mut Vec<PolicyError>,
) -> BTreeMap<String, Arc<Calendar>> {
    let mut calendars = BTreeMap::new();
    for (key, spec) in specs {
        match Calendar::new(spec) {
            Ok(calendar) => drop(calendars.insert(key.clone(), Arc::new(calendar))),
            Err(faults) => errors.extend(
                faults.into_iter().map(|error| PolicyError::Calendar { calendar: key.clone(), error }),
            ),
        }
    }
    calendars
}
