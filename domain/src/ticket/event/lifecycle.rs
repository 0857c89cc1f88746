//! Opening, moving through the workflow, assignment, rating, removal.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{OrganizationId, TeamId, UserId};
use crate::personal::Personal;
use crate::tenant::StatusCategory;

/// How a ticket came in.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Source {
    Portal,
    Web,
    Widget,
    Email,
    Chat,
    Phone,
    #[default]
    Api,
    Webhook,
    Manual,
    Import,
}

impl Source {
    /// As it stands in JSON and in columns.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Web => "web",
            Self::Widget => "widget",
            Self::Email => "email",
            Self::Chat => "chat",
            Self::Phone => "phone",
            Self::Api => "api",
            Self::Webhook => "webhook",
            Self::Manual => "manual",
            Self::Import => "import",
        }
    }
}

/// Who asks for support.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requester {
    /// The user's id.
    pub id: UserId,
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Personal<String>>,
    /// The address to answer to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Personal<String>>,
}

/// Who works on a ticket. All empty: nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assignment {
    /// The agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<UserId>,
    /// The team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// The organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
}

impl Assignment {
    /// Nobody works on it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A ticket was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TicketOpened {
    /// The number that people use, unique in the tenant.
    pub number: String,
    /// What it is about, in a line.
    pub subject: Personal<String>,
    /// What it is about, in full.
    pub description: Personal<String>,
    /// Who asks.
    pub requester: Requester,
    /// The status it starts in: a key of the tenant's workflow.
    pub status: String,
    /// That status's category at the time.
    pub status_category: StatusCategory,
    /// A key of the tenant's priorities.
    pub priority: String,
    /// That priority's rank at the time; lower is more urgent.
    pub priority_rank: i32,
    /// How it came in.
    pub source: Source,
    /// The category, if one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The request type, if one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_type: Option<String>,
    /// The requester's organisation, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
    /// Tags, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Custom fields by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom_fields: BTreeMap<String, serde_json::Value>,
    /// Who had it from the start, if it came with somebody already.
    #[serde(default, skip_serializing_if = "Assignment::is_empty")]
    pub assignment: Assignment,
    /// What the channel knows of it, kept as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_metadata: Option<Personal<serde_json::Value>>,
}

/// The ticket went from somebody (or nobody) to somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TicketAssigned {
    /// Who had it.
    pub from: Assignment,
    /// Who has it now.
    pub to: Assignment,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Nobody works on the ticket any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TicketUnassigned {
    /// Who had it.
    pub from: Assignment,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

macro_rules! status_events {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $type:ty),* }),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub struct $name {
            /// The status before.
            pub from: String,
            /// Its category.
            pub from_category: StatusCategory,
            /// The status now.
            pub to: String,
            /// Its category.
            pub to_category: StatusCategory,
            /// Why.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub reason: Option<String>,
            $($(#[$field_doc])* pub $field: $type,)*
        }
    )+};
}

status_events! {
    /// The status changed, but for what the events below say more exactly.
    StatusChanged {},
    /// The ticket is solved, as the agent sees it.
    TicketResolved {
        /// What solved it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notes: Option<Personal<String>>
    },
    /// The ticket is done.
    TicketClosed {},
    /// A resolved or closed ticket needs work again.
    TicketReopened {
        /// How often that happened, this time included.
        count: u32
    },
    /// The ticket ends without a solution.
    TicketCancelled {},
}

/// The requester rated the help.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TicketRated {
    /// 1 (worst) to 5 (best).
    pub rating: u8,
    /// In the requester's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Personal<String>>,
    /// The rating that this one takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_rating: Option<u8>,
}

macro_rules! reason_events {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub struct $name {
            /// Why.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub reason: Option<String>,
        }
    )+};
}

reason_events! {
    /// The ticket is spam.
    TicketMarkedSpam,
    /// The ticket is no spam after all.
    TicketUnmarkedSpam,
    /// The ticket was put away; its history stays.
    TicketDeleted,
    /// The ticket was taken back.
    TicketRestored,
}
