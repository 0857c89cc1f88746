//! A tenant's policies and calendars as an aggregate: what its events make of them, and what a change
//! comes to in events.

use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::Configuration;
use super::commands::SlaCommand;
use super::event::*;
use super::policy::{PolicyError, PolicySpec, Rules, new_texts};
use crate::input::FieldError;

/// A tenant's policies and calendars as its events tell them. Without any, those that tenants start with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sla {
    /// All of it.
    pub configuration: Arc<Configuration>,
}

/// Why a change of policies or calendars is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlaError {
    /// No such policy or calendar.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The key is taken.
    #[error("the {what} {key:?} is there already")]
    Exists {
        /// `policy` or `calendar`.
        what: &'static str,
        /// The key.
        key: String,
    },
    /// Policies count by the calendar.
    #[error("the calendar {key:?} is used by: {}", .policies.join(", "))]
    InUse {
        /// Its key.
        key: String,
        /// The policies that name it.
        policies: Vec<String>,
    },
    /// Fields are wrong, or it doesn't hold together with the rest.
    #[error("{} faults", .0.len())]
    Invalid(Vec<FieldError>),
}

impl SlaError {
    /// A policy's key is how it is known in events.
    pub(super) fn key_stays() -> Self {
        let detail = "a policy keeps its key; add another, and remove this one".to_owned();
        Self::Invalid(vec![FieldError { pointer: "/key".into(), code: "immutable", detail }])
    }
}

impl Default for Sla {
    fn default() -> Self {
        Self { configuration: Arc::new(Configuration::starting().clone()) }
    }
}

impl Sla {
    /// Takes in what happened.
    pub fn apply(&mut self, event: SlaEvent) {
        let configuration = Arc::make_mut(&mut self.configuration);
        let Configuration { policies, calendars, auto_close_days } = configuration;
        match event {
            SlaEvent::PolicyAdded(event) => {
                policies.insert((event.place as usize).min(policies.len()), event.policy);
            }
            SlaEvent::PolicyChanged(event) => {
                if let Some(policy) = policies.iter_mut().find(|policy| policy.key == event.to.key) {
                    *policy = event.to;
                }
            }
            SlaEvent::PolicyRemoved(event) => policies.retain(|policy| policy.key != event.policy.key),
            SlaEvent::PoliciesReordered(event) => {
                let place = |policy: &PolicySpec| event.to.iter().position(|key| *key == policy.key);
                policies.sort_by_key(|policy| place(policy).unwrap_or(usize::MAX));
            }
            SlaEvent::CalendarAdded(event) => drop(calendars.insert(event.key, event.calendar)),
            SlaEvent::CalendarChanged(event) => drop(calendars.insert(event.key, event.to)),
            SlaEvent::CalendarRemoved(event) => drop(calendars.remove(&event.key)),
            SlaEvent::AutoCloseChanged(event) => *auto_close_days = event.to_days,
        }
    }

    /// The events that lead to another configuration, if that holds together. `at` says where in the
    /// request a fault is.
    pub(super) fn becomes(
        &self,
        wanted: &Configuration,
        at: impl Fn(&PolicyError) -> String,
    ) -> Result<Vec<SlaEvent>, SlaError> {
        holds_together(wanted, &at)?;
        let mut events = Vec::new();
        let now = &*self.configuration;
        refused(&new_texts(now, wanted), at)?;
        for (key, to) in &wanted.calendars {
            match now.calendars.get(key) {
                None => events.push(CalendarAdded { key: key.clone(), calendar: to.clone() }.into()),
                Some(from) if from != to => {
                    let (from, to) = (from.clone(), to.clone());
                    events.push(CalendarChanged { key: key.clone(), from, to }.into());
                }
                Some(_) => {}
            }
        }
        self.policy_events(wanted, &mut events);
        for (key, calendar) in now.calendars.iter().filter(|(key, _)| !wanted.calendars.contains_key(*key)) {
            events.push(CalendarRemoved { key: key.clone(), calendar: calendar.clone() }.into());
        }
        if now.auto_close_days != wanted.auto_close_days {
            let (from_days, to_days) = (now.auto_close_days, wanted.auto_close_days);
            events.push(AutoCloseChanged { from_days, to_days }.into());
        }
        Ok(events)
    }

    fn policy_events(&self, wanted: &Configuration, events: &mut Vec<SlaEvent>) {
        let now = &*self.configuration;
        let gone = now.policies.iter().filter(|policy| wanted.place(&policy.key).is_none());
        events.extend(gone.map(|policy| PolicyRemoved { policy: policy.clone() }.into()));
        for (place, to) in (0..).zip(&wanted.policies) {
            match now.place(&to.key).map(|place| &now.policies[place]) {
                None => events.push(PolicyAdded { policy: to.clone(), place }.into()),
                Some(from) if from != to => {
                    events.push(PolicyChanged { from: from.clone(), to: to.clone() }.into());
                }
                Some(_) => {}
            }
        }
        let mut then = self.clone();
        for event in events.iter() {
            then.apply(event.clone());
        }
        let keys = |policies: &[PolicySpec]| policies.iter().map(|policy| policy.key.clone()).collect();
        let (from, to): (Vec<_>, Vec<_>) = (keys(&then.configuration.policies), keys(&wanted.policies));
        if from != to {
            events.push(PoliciesReordered { from, to }.into());
        }
    }
}

/// The rules that a configuration states. `at` says where in the request a fault is.
pub(super) fn holds_together(
    wanted: &Configuration,
    at: impl Fn(&PolicyError) -> String,
) -> Result<Rules, SlaError> {
    Rules::new(wanted).map_err(|errors| invalid(&errors, at))
}

fn refused(errors: &[PolicyError], at: impl Fn(&PolicyError) -> String) -> Result<(), SlaError> {
    if errors.is_empty() { Ok(()) } else { Err(invalid(errors, at)) }
}

fn invalid(errors: &[PolicyError], at: impl Fn(&PolicyError) -> String) -> SlaError {
    let fault = |error: &PolicyError| FieldError {
        pointer: at(error),
        code: error.code(),
        detail: error.to_string(),
    };
    SlaError::Invalid(errors.iter().map(fault).collect())
}

impl Aggregate for Sla {
    const TYPE: &'static str = crate::event::SLA;
    type Command = SlaCommand;
    type Event = SlaEvent;
    type Error = SlaError;
    type Services = ();

    async fn handle(&mut self, command: SlaCommand, (): &(), sink: &EventSink<Self>) -> Result<(), SlaError> {
        for event in command.decide(self)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: SlaEvent) {
        self.apply(event);
    }
}
