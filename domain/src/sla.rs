//! Service levels: by when a ticket has to be answered and resolved, counted in working time.
//!
//! A tenant has [policies](policy) and [calendars](calendar). A ticket's [clocks](clock) follow from its
//! events and from these alone, so that each of their figures can be explained by the events that made it.

pub mod calendar;
pub mod clock;
pub mod policy;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use calendar::CalendarSpec;
use policy::PolicySpec;

/// A tenant's policies in their order, and its calendars by key.
pub type Configuration = (Vec<PolicySpec>, BTreeMap<String, CalendarSpec>);

/// What a tenant starts with.
pub fn defaults() -> Configuration {
    #[derive(Deserialize, Default)]
    #[serde(deny_unknown_fields)]
    struct Defaults {
        policies: Vec<PolicySpec>,
        calendars: BTreeMap<String, CalendarSpec>,
    }
    // A test sees to it that it can be read.
    static DEFAULTS: LazyLock<Defaults> =
        LazyLock::new(|| toml::from_str(include_str!("sla/defaults.toml")).unwrap_or_default());
    (DEFAULTS.policies.clone(), DEFAULTS.calendars.clone())
}
