//! What can happen to a tenant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TenantSettings;
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

/// Everything that can happen to a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum TenantEvent {
    /// See [`TenantCreated`].
    TenantCreated(TenantCreated),
}

impl TenantEvent {
    /// Every type with its current version.
    pub const TYPES: &'static [(&'static str, &'static str)] = &[("TenantCreated", "1")];

    /// The type's name.
    pub fn name(&self) -> &'static str {
        "TenantCreated"
    }

    /// The version that is written today.
    pub fn version(&self) -> &'static str {
        "1"
    }

    /// The payload as it is stored.
    pub fn encode(&self) -> serde_json::Result<String> {
        match self {
            Self::TenantCreated(event) => serde_json::to_string(event),
        }
    }

    /// The JSON Schema of each type's payload.
    pub fn schemas() -> Vec<(&'static str, &'static str, schemars::Schema)> {
        vec![("TenantCreated", "1", schemars::schema_for!(TenantCreated))]
    }

    /// Reads a payload of the current version. `None` if the type is unknown.
    pub fn decode(name: &str, payload: &str) -> Option<serde_json::Result<Self>> {
        (name == "TenantCreated").then(|| serde_json::from_str(payload).map(Self::TenantCreated))
    }
}

impl cqrs_es::DomainEvent for TenantEvent {
    fn event_type(&self) -> String {
        self.name().to_owned()
    }

    fn event_version(&self) -> String {
        self.version().to_owned()
    }
}
