//! What a tenant configures: workflow, priorities, numbers, limits.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the engine knows of a status. Everything else about it is the tenant's.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum StatusCategory {
    #[default]
    New,
    Open,
    PendingCustomer,
    PendingInternal,
    Resolved,
    Closed,
    Cancelled,
}

impl StatusCategory {
    /// As it stands in JSON and in columns.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::PendingCustomer => "pending_customer",
            Self::PendingInternal => "pending_internal",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Resolved, closed or cancelled: nobody has to work on it.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Resolved | Self::Closed | Self::Cancelled)
    }
}

/// One status of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Unique in the tenant.
    pub key: String,
    /// What people read.
    pub label: String,
    /// `#RRGGBB`.
    pub color: String,
    /// What it means to the engine.
    pub category: StatusCategory,
}

/// One priority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Priority {
    /// Unique in the tenant.
    pub key: String,
    /// What people read.
    pub label: String,
    /// `#RRGGBB`.
    pub color: String,
    /// Lower is more urgent.
    pub rank: i32,
}

/// Upper bounds of what a ticket takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Characters of a subject.
    pub subject: usize,
    /// Characters of a description or a message.
    pub body: usize,
    /// Tags of a ticket.
    pub tags: usize,
    /// Characters of a tag.
    pub tag: usize,
    /// Custom fields of a ticket.
    pub custom_fields: usize,
    /// Attachments of a message.
    pub attachments: usize,
}

/// A tenant's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantSettings {
    /// Statuses, in the order that people see.
    pub statuses: Vec<Status>,
    /// The status of a new ticket.
    pub initial_status: String,
    /// From each status, those that may follow.
    pub transitions: BTreeMap<String, Vec<String>>,
    /// The status that a customer's reply on a resolved ticket, or a reopening, leads to.
    pub reopened_status: String,
    /// Priorities, the most urgent first.
    pub priorities: Vec<Priority>,
    /// The priority of a ticket for which none was said.
    pub default_priority: String,
    /// How numbers look: text with `{prefix}`, `{yyyy}`, `{mm}` and `{seq:N}` (N digits at least).
    /// The sequence starts again with each year or month that the format shows.
    pub number_format: String,
    /// What `{prefix}` stands for.
    #[serde(default)]
    pub number_prefix: String,
    /// Upper bounds.
    pub limits: Limits,
}

impl TenantSettings {
    /// The status of this key.
    pub fn status(&self, key: &str) -> Option<&Status> {
        self.statuses.iter().find(|status| status.key == key)
    }

    /// The priority of this key.
    pub fn priority(&self, key: &str) -> Option<&Priority> {
        self.priorities.iter().find(|priority| priority.key == key)
    }

    /// The priority that comes next above a rank.
    pub fn next_more_urgent(&self, rank: i32) -> Option<&Priority> {
        self.priorities.iter().filter(|priority| priority.rank < rank).max_by_key(|priority| priority.rank)
    }

    /// The first status of a category, in the order that people see.
    pub fn first_of(&self, category: StatusCategory) -> Option<&Status> {
        self.statuses.iter().find(|status| status.category == category)
    }

    /// The statuses that may follow. From one that the workflow no longer has, any may:
    /// a ticket must not be stuck because the workflow changed under it.
    pub fn allowed_from(&self, key: &str) -> Vec<&str> {
        match self.transitions.get(key) {
            Some(allowed) => allowed.iter().map(String::as_str).collect(),
            None if self.status(key).is_some() => Vec::new(),
            None => self.statuses.iter().map(|status| status.key.as_str()).collect(),
        }
    }
}
