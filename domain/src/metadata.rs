//! What every event says of its circumstances: who, when, from where, in which request.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::personal::Personal;

/// On whose side somebody acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// Somebody who asks for support.
    Customer,
    /// Somebody who gives it.
    Agent,
    /// Docket itself, or a machine.
    System,
}

impl ActorKind {
    /// As it stands in JSON and in columns.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
            Self::System => "system",
        }
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// The user's id.
    pub id: UserId,
    /// On whose side.
    pub kind: ActorKind,
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Personal<String>>,
}

/// The metadata of an event, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Metadata {
    /// Who did it.
    pub actor: Actor,
    /// When it happened. The log's `recorded_at` is when it was written down; the two differ for imports.
    pub occurred_at: DateTime<Utc>,
    /// The request's id, as the caller sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// W3C Trace Context of the request, so that what follows from the event joins its trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The address that the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<Personal<String>>,
    /// The program that it came by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Personal<String>>,
    /// The event that made this one follow, for what processes do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<crate::ids::EventId>,
    /// The import that brought it, for history from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<String>,
}
