//! What can happen to a tenant's policies and calendars. Facts in the past tense, and for ever.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::calendar::CalendarSpec;
use super::policy::PolicySpec;
use crate::event::event_types;

/// A policy was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyAdded {
    /// The policy.
    pub policy: PolicySpec,
    /// Its place in the order, from 0.
    pub place: u32,
}

/// A policy was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyChanged {
    /// As it was.
    pub from: PolicySpec,
    /// As it is now, under the same key.
    pub to: PolicySpec,
}

/// A policy was taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyRemoved {
    /// As it was.
    pub policy: PolicySpec,
}

/// The policies were put into another order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PoliciesReordered {
    /// Their keys as they stood.
    pub from: Vec<String>,
    /// Their keys as they stand now.
    pub to: Vec<String>,
}

/// A calendar was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CalendarAdded {
    /// Its key.
    pub key: String,
    /// The calendar.
    pub calendar: CalendarSpec,
}

/// A calendar was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CalendarChanged {
    /// Its key.
    pub key: String,
    /// As it was.
    pub from: CalendarSpec,
    /// As it is now.
    pub to: CalendarSpec,
}

/// A calendar was taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CalendarRemoved {
    /// Its key.
    pub key: String,
    /// As it was.
    pub calendar: CalendarSpec,
}

/// Resolved tickets close by themselves after another time, or don't any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AutoCloseChanged {
    /// Days, as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_days: Option<u32>,
    /// Days, as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_days: Option<u32>,
}

event_types! {
    /// Everything that can happen to a tenant's policies and calendars.
    #[expect(clippy::large_enum_variant, reason = "there are few of them")]
    SlaEvent {
        PolicyAdded = "1",
        PolicyChanged = "1",
        PolicyRemoved = "1",
        PoliciesReordered = "1",
        CalendarAdded = "1",
        CalendarChanged = "1",
        CalendarRemoved = "1",
        AutoCloseChanged = "1",
    }
}
