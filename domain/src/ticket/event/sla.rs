//! What time does to a ticket: promises that are nearly broken, and broken.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sla::policy::Metric;

/// A promise is nearly broken. Raised once for each ticket, metric, instance and generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SlaWarned {
    /// What is promised.
    pub metric: Metric,
    /// Which of the ticket's clocks of this metric, from 1.
    pub instance: u32,
    /// How often the clock was put under another promise, from 1.
    pub generation: u32,
    /// The policy's key.
    pub policy: String,
    /// When the warning fell due.
    pub warning_at: DateTime<Utc>,
    /// When the promise is, or was, to be kept; none if the clock was paused before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// When it was raised.
    pub raised_at: DateTime<Utc>,
}

/// A promise is broken. Raised once for each ticket, metric, instance and generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SlaBreached {
    /// What was promised.
    pub metric: Metric,
    /// Which of the ticket's clocks of this metric, from 1.
    pub instance: u32,
    /// How often the clock was put under another promise, from 1.
    pub generation: u32,
    /// The policy's key.
    pub policy: String,
    /// When the promise was to be kept.
    pub due_at: DateTime<Utc>,
    /// When it was raised.
    pub raised_at: DateTime<Utc>,
}

/// The step of a policy's escalation that an escalation follows. Taken once for each ticket, metric and
/// instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EscalationRule {
    /// The policy's key.
    pub policy: String,
    /// Which of its steps, from 0.
    pub step: u32,
    /// What was promised.
    pub metric: Metric,
    /// Which of the ticket's clocks of this metric, from 1.
    pub instance: u32,
    /// When the step fell due.
    pub due_at: DateTime<Utc>,
    /// When it was taken.
    pub raised_at: DateTime<Utc>,
}
