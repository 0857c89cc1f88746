//! Where in a request a fault of policies and calendars is.

use super::check::{Fault, PolicyError};
use crate::sla::Configuration;
use crate::sla::calendar::CalendarError;

impl PolicyError {
    /// For programs; stable.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Calendar { error, .. } => match error {
                CalendarError::Zone(_) => "unknown_value",
                CalendarError::Overlap { .. } => "overlap",
                CalendarError::Twice(_) => "duplicate",
                CalendarError::NoHours => "no_working_time",
                CalendarError::TooMany(..) => "too_many",
                CalendarError::Name
                | CalendarError::Text
                | CalendarError::Empty { .. }
                | CalendarError::Holiday(_) => "invalid",
            },
            Self::Key(_) | Self::AutoClose => "invalid",
            Self::Twice(_) => "duplicate",
            Self::TooMany(..) => "too_many",
            Self::Alike { .. } => "matches_alike",
            Self::Policy { fault, .. } => match fault {
                Fault::Calendar(_) => "unknown_value",
                Fault::NoTarget | Fault::Nobody(_) => "required",
                Fault::Target(..) => "out_of_range",
                Fault::Values(_) => "too_many",
                Fault::Name | Fault::Text(_) | Fault::Warning | Fault::Step(..) => "invalid",
            },
        }
    }

    /// The place in a body that is this policy; the whole of it for what lies elsewhere.
    pub(in crate::sla) fn pointer_in_policy(&self, key: &str) -> String {
        match self {
            Self::Policy { policy, fault } if policy == key => fault.pointer(),
            Self::Key(bad) | Self::Twice(bad) if bad == key => "/key".to_owned(),
            Self::Alike { .. } => "/when".to_owned(),
            _ => String::new(),
        }
    }

    /// The place in a body that is this calendar; the whole of it for what lies elsewhere.
    pub(in crate::sla) fn pointer_in_calendar(&self, key: &str) -> String {
        match self {
            Self::Calendar { calendar, error } if calendar == key => pointer(error),
            Self::Key(bad) if bad == key => "/key".to_owned(),
            _ => String::new(),
        }
    }

    /// The place in a body that is a whole configuration.
    pub(in crate::sla) fn pointer_in(&self, whole: &Configuration) -> String {
        let policy = |key: &str, within: &str| match whole.place(key) {
            Some(place) => format!("/policies/{place}{within}"),
            None => "/policies".to_owned(),
        };
        match self {
            Self::Calendar { calendar, error } => format!("/calendars/{calendar}{}", pointer(error)),
            Self::Policy { policy: key, fault } => policy(key, &fault.pointer()),
            Self::Key(key) if whole.calendars.contains_key(key) => "/calendars".to_owned(),
            Self::Key(key) | Self::Twice(key) => policy(key, "/key"),
            Self::Alike { second, .. } => policy(second, "/when"),
            Self::TooMany(..) => "/policies".to_owned(),
            Self::AutoClose => "/auto_close_days".to_owned(),
        }
    }
}

impl Fault {
    fn pointer(&self) -> String {
        match self {
            Self::Name => "/name".to_owned(),
            Self::Text(place) | Self::Values(place) => place.clone(),
            Self::Calendar(_) => "/calendar".to_owned(),
            Self::NoTarget => String::new(),
            Self::Target(metric, _) => format!("/{}", metric.as_str()),
            Self::Warning => "/warning".to_owned(),
            Self::Nobody(step) => format!("/escalation/{step}/to"),
            Self::Step(step, _) => format!("/escalation/{step}"),
        }
    }
}

fn pointer(error: &CalendarError) -> String {
    match error {
        CalendarError::Name => "/name".to_owned(),
        CalendarError::Text => String::new(),
        CalendarError::Zone(_) => "/time_zone".to_owned(),
        CalendarError::Empty { day, .. } | CalendarError::Overlap { day, .. } => {
            format!("/weekly/{}", day.as_str())
        }
        CalendarError::Holiday(_) | CalendarError::Twice(_) => "/holidays".to_owned(),
        CalendarError::NoHours => "/weekly".to_owned(),
        CalendarError::TooMany(field, _) => format!("/{field}"),
    }
}
