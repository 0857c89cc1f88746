//! Which targets hold for a ticket: policies as they are configured.

mod check;
mod place;
mod rules;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use check::PolicyError;
pub(super) use check::new_texts;
pub(super) use rules::part;
pub use rules::{Policy, Rules, Subject};

/// A promise: by when tickets of some kind are answered and resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SlaPolicy)]
pub struct PolicySpec {
    /// Unique in the tenant: 1 to 64 of a-z, 0-9, `_` and `-`.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// Which tickets it is for. The first policy in the tenant's order that fits holds.
    #[serde(default)]
    pub when: Condition,
    /// The key of the calendar whose working time is counted; around the clock without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// Minutes from opening to an agent's first public reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_response: Option<i64>,
    /// Minutes from the customer's oldest unanswered message to an agent's public reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_reply: Option<i64>,
    /// Minutes from opening to resolving.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<i64>,
    /// When to warn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Warning>,
    /// What becomes of the time used when a resolved ticket is reopened.
    #[serde(default)]
    pub reopen: Reopen,
    /// What follows when a target is missed, or nearly.
    #[serde(default)]
    pub escalation: Vec<Escalation>,
}

/// What a ticket must have; each list that isn't empty must contain what the ticket has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = SlaCondition)]
pub struct Condition {
    /// The priority's rank.
    pub priority_rank: Vec<i32>,
    /// The category.
    pub category: Vec<String>,
    /// The request type.
    pub request_type: Vec<String>,
    /// The requester's organisation.
    pub organization: Vec<String>,
    /// One of the tags.
    pub tag: Vec<String>,
}

/// When a clock warns, in the time that it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = SlaWarning)]
pub enum Warning {
    /// When so much of the target is used: 1 to 99.
    Percent(u8),
    /// So many minutes before it is due; at the start if the target is shorter.
    MinutesBefore(i64),
}

/// What becomes of the time used when a resolved ticket is reopened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SlaReopen)]
pub enum Reopen {
    /// It counts on: time while it was resolved isn't used, time before that is.
    #[default]
    Continue,
    /// The target holds anew from the reopening.
    Anew,
}

/// A step of an escalation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SlaEscalation)]
pub struct Escalation {
    /// When.
    #[schema(value_type = AfterSchema)]
    pub after: After,
    /// To whom.
    pub to: Whom,
    /// Makes the priority the next more urgent one.
    #[serde(default)]
    pub raise_priority: bool,
    /// Assigns the ticket to the team or person.
    #[serde(default)]
    pub reassign: bool,
}

/// When a step of an escalation is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum After {
    /// As the target is missed.
    Breach(Metric),
    /// When so many percent of the target are used: above 100.
    PercentUsed(Metric, u16),
    /// When the ticket has been open for so many hours by the clock on the wall.
    OpenHours(i64),
}

/// [`After`] for the OpenAPI document: what is derived of a variant with two fields says of neither what it is.
#[derive(ToSchema)]
#[schema(as = SlaEscalationAfter, rename_all = "snake_case")]
#[expect(dead_code, reason = "it documents After")]
enum AfterSchema {
    /// As the target is missed.
    Breach(Metric),
    /// When so many percent of the target are used: above 100.
    PercentUsed((Metric, u16)),
    /// When the ticket has been open for so many hours by the clock on the wall.
    OpenHours(i64),
}

/// What is promised.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = SlaMetric)]
pub enum Metric {
    /// An agent's first public reply.
    FirstResponse,
    /// An agent's public reply to the customer's messages.
    NextReply,
    /// The resolution.
    Resolution,
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = SlaEscalationTo)]
pub enum Whom {
    /// Everybody with this role.
    Role(String),
    /// A team.
    Team(String),
    /// A person.
    Agent(String),
}

impl PolicySpec {
    /// The target of a metric, in minutes.
    pub fn target(&self, metric: Metric) -> Option<i64> {
        match metric {
            Metric::FirstResponse => self.first_response,
            Metric::NextReply => self.next_reply,
            Metric::Resolution => self.resolution,
        }
    }
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::FirstResponse, Self::NextReply, Self::Resolution];

    /// As people say it.
    pub fn words(self) -> &'static str {
        match self {
            Self::FirstResponse => "first response",
            Self::NextReply => "next reply",
            Self::Resolution => "resolution",
        }
    }

    /// As it stands in JSON and in columns.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::NextReply => "next_reply",
            Self::Resolution => "resolution",
        }
    }
}

#[cfg(test)]
mod tests;
