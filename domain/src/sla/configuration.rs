//! A tenant's policies and calendars, as one thing: they are checked, changed and versioned together.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calendar::CalendarSpec;
use super::policy::PolicySpec;

/// What a tenant promises, and when it works.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = SlaConfiguration)]
pub struct Configuration {
    /// The policies in their order: the first that fits a ticket holds for it.
    pub policies: Vec<PolicySpec>,
    /// The calendars by key.
    pub calendars: BTreeMap<String, CalendarSpec>,
    /// After so many days resolved tickets close by themselves; never, if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_close_days: Option<u32>,
}

impl Configuration {
    /// Reads one in TOML: `[[policies]]` in their order, `[calendars.<key>]`, `auto_close_days`.
    pub fn read(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// What a tenant starts with. It holds for every tenant whose log says nothing else, so what has
    /// landed of it stays as it is: other defaults would be events of new tenants.
    pub fn starting() -> &'static Self {
        // A test sees to it that it can be read.
        static STARTING: LazyLock<Configuration> =
            LazyLock::new(|| Configuration::read(include_str!("defaults.toml")).unwrap_or_default());
        &STARTING
    }

    /// The place of a policy in the order, from 0.
    pub fn place(&self, key: &str) -> Option<usize> {
        self.policies.iter().position(|policy| policy.key == key)
    }
}
