//! What can happen to a tenant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Reporting, TenantSettings};
use crate::event::event_types;
use crate::ids::TenantId;

/// A tenant was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TenantCreated {
    /// Its key: what people and command lines call it.
    pub key: String,
    /// The tenant above it in the tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TenantId>,
    /// The profile that its settings were taken from.
    pub profile: String,
    /// Its settings, whole.
    pub settings: TenantSettings,
}

/// What the tenant's statistics are reckoned by was changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportingChanged {
    /// As it was.
    pub from: Reporting,
    /// As it is now.
    pub to: Reporting,
}

event_types! {
    /// Everything that can happen to a tenant.
    TenantEvent {
        TenantCreated = "1",
        ReportingChanged = "1",
    }
}
