//! What a ticket says of itself: priority, category, tags, fields, level, route.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sla::EscalationRule;
use crate::ids::{OrganizationId, TeamId, UserId};
use crate::personal::Personal;

/// The priority changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PriorityChanged {
    /// The priority before.
    pub from: String,
    /// Its rank; lower is more urgent.
    pub from_rank: i32,
    /// The priority now.
    pub to: String,
    /// Its rank.
    pub to_rank: i32,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

macro_rules! optional_changes {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub struct $name {
            /// The value before.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub from: Option<String>,
            /// The value now.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub to: Option<String>,
            /// Why.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub reason: Option<String>,
        }
    )+};
}

optional_changes! {
    /// The category changed.
    CategoryChanged,
    /// The request type changed.
    RequestTypeChanged,
}

/// The subject changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubjectChanged {
    /// The subject before.
    pub from: Personal<String>,
    /// The subject now.
    pub to: Personal<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A tag was put on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TagAdded {
    /// The tag.
    pub tag: String,
}

/// A tag was taken off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TagRemoved {
    /// The tag.
    pub tag: String,
}

/// One custom field's change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FieldChange {
    /// The field's key.
    pub key: String,
    /// The value before; null if it had none.
    pub from: serde_json::Value,
    /// The value now; null if it has none.
    pub to: serde_json::Value,
}

/// Custom fields were set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomFieldsSet {
    /// Only what changed.
    pub changes: Vec<FieldChange>,
}

/// The ticket went a level up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TicketEscalated {
    /// How often that happened, this time included.
    pub level: u32,
    /// The role that is to act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_role: Option<String>,
    /// The agent who is to act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_agent: Option<UserId>,
    /// The team that is to act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_team: Option<TeamId>,
    /// Why.
    pub reason: String,
    /// The rule that it follows; none if somebody did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<EscalationRule>,
}

/// Who is to answer: the own desk, the linked organisation, or both.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Routing {
    #[default]
    Internal,
    Organization,
    Hybrid,
}

/// The ticket was routed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TicketRouted {
    /// The routing before.
    pub from: Routing,
    /// The routing now.
    pub to: Routing,
    /// The organisation before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_organization: Option<OrganizationId>,
    /// The organisation now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_organization: Option<OrganizationId>,
}
