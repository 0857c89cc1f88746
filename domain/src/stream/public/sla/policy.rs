//! Policies.

use schemars::JsonSchema;
use serde::Serialize;

use crate::sla::policy as stored;
use crate::stream::public::from_stored::{FromStored, public};

public! {
    /// What is promised.
    enum Metric from stored::Metric {
        /// An agent's first public reply.
        FirstResponse,
        /// An agent's public reply to the customer's messages.
        NextReply,
        /// The resolution.
        Resolution,
    }

    /// What becomes of the time used when a resolved ticket is reopened.
    #[derive(Default)]
    enum Reopen from stored::Reopen {
        /// It counts on: time while it was resolved isn't used, time before that is.
        #[default]
        Continue,
        /// The target holds anew from the reopening.
        Anew,
    }
}

public! {
    /// A promise: by when tickets of some kind are answered and resolved.
    #[serde(deny_unknown_fields)]
    struct PolicySpec from stored::PolicySpec {
        /// Unique in the tenant: 1 to 64 of a-z, 0-9, `_` and `-`.
        key: String,
        /// What people call it.
        name: String,
        /// Which tickets it is for. The first policy in the tenant's order that fits holds.
        #[serde(default)]
        when: Condition,
        /// The key of the calendar whose working time is counted; around the clock without one.
        #[serde(skip_serializing_if = "Option::is_none")]
        calendar: Option<String>,
        /// Minutes from opening to an agent's first public reply.
        #[serde(skip_serializing_if = "Option::is_none")]
        first_response: Option<i64>,
        /// Minutes from the customer's oldest unanswered message to an agent's public reply.
        #[serde(skip_serializing_if = "Option::is_none")]
        next_reply: Option<i64>,
        /// Minutes from opening to resolving.
        #[serde(skip_serializing_if = "Option::is_none")]
        resolution: Option<i64>,
        /// When to warn.
        #[serde(skip_serializing_if = "Option::is_none")]
        warning: Option<Warning>,
        /// What becomes of the time used when a resolved ticket is reopened.
        #[serde(default)]
        reopen: Reopen,
        /// What follows when a target is missed, or nearly.
        #[serde(default)]
        escalation: Vec<Escalation>,
    }

    /// What a ticket must have; each list that isn't empty must contain what the ticket has.
    #[derive(Default)]
    #[serde(deny_unknown_fields, default)]
    struct Condition from stored::Condition {
        /// The priority's rank.
        priority_rank: Vec<i32>,
        /// The category.
        category: Vec<String>,
        /// The request type.
        request_type: Vec<String>,
        /// The requester's organisation.
        organization: Vec<String>,
        /// One of the tags.
        tag: Vec<String>,
    }

    /// A step of an escalation.
    #[serde(deny_unknown_fields)]
    struct Escalation from stored::Escalation {
        /// When.
        after: After,
        /// To whom.
        to: Whom,
        /// Makes the priority the next more urgent one.
        #[serde(default)]
        raise_priority: bool,
        /// Assigns the ticket to the team or person.
        #[serde(default)]
        reassign: bool,
    }
}

/// When a clock warns, in the time that it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Warning {
    /// When so much of the target is used: 1 to 99.
    Percent(u8),
    /// So many minutes before it is due; at the start if the target is shorter.
    MinutesBefore(i64),
}

impl FromStored<stored::Warning> for Warning {
    fn from_stored(stored: &stored::Warning) -> Self {
        match *stored {
            stored::Warning::Percent(percent) => Self::Percent(percent),
            stored::Warning::MinutesBefore(minutes) => Self::MinutesBefore(minutes),
        }
    }
}

/// When a step of an escalation is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum After {
    /// As the target is missed.
    Breach(Metric),
    /// When so many percent of the target are used: above 100.
    PercentUsed(Metric, u16),
    /// When the ticket has been open for so many hours by the clock on the wall.
    OpenHours(i64),
}

impl FromStored<stored::After> for After {
    fn from_stored(stored: &stored::After) -> Self {
        match stored {
            stored::After::Breach(metric) => Self::Breach(Metric::from_stored(metric)),
            stored::After::PercentUsed(metric, percent) => {
                Self::PercentUsed(Metric::from_stored(metric), *percent)
            }
            stored::After::OpenHours(hours) => Self::OpenHours(*hours),
        }
    }
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Whom {
    /// Everybody with this role.
    Role(String),
    /// A team.
    Team(String),
    /// A person.
    Agent(String),
}

impl FromStored<stored::Whom> for Whom {
    fn from_stored(stored: &stored::Whom) -> Self {
        match stored {
            stored::Whom::Role(role) => Self::Role(role.clone()),
            stored::Whom::Team(team) => Self::Team(team.clone()),
            stored::Whom::Agent(agent) => Self::Agent(agent.clone()),
        }
    }
}
