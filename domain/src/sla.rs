//! Service levels: by when a ticket has to be answered and resolved, counted in working time.
//!
//! A tenant has [policies](policy) and [calendars](calendar). A ticket's [clocks](clock) follow from its
//! events and from these alone, so that each of their figures can be explained by the events that made it.

pub mod backtest;
pub mod calendar;
pub mod clock;
pub mod policy;
pub mod watch;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use calendar::CalendarSpec;
use policy::{PolicySpec, Rules};

/// A tenant's policies in their order, and its calendars by key.
pub type Configuration = (Vec<PolicySpec>, BTreeMap<String, CalendarSpec>);

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Configured {
    #[serde(default)]
    policies: Vec<PolicySpec>,
    #[serde(default)]
    calendars: BTreeMap<String, CalendarSpec>,
}

/// Reads a configuration in TOML: `[[policies]]` in their order, and `[calendars.<key>]`.
pub fn read(text: &str) -> Result<Configuration, toml::de::Error> {
    toml::from_str(text).map(|Configured { policies, calendars }| (policies, calendars))
}

/// What a tenant starts with.
pub fn defaults() -> Configuration {
    // A test sees to it that it can be read.
    static DEFAULTS: LazyLock<Configuration> =
        LazyLock::new(|| read(include_str!("sla/defaults.toml")).unwrap_or_default());
    DEFAULTS.clone()
}

/// The rules that a tenant starts with.
pub fn starting_rules() -> &'static Rules {
    // They hold together: a test sees to it.
    static RULES: LazyLock<Rules> = LazyLock::new(|| {
        let (policies, calendars) = defaults();
        Rules::new(&policies, &calendars).unwrap_or_default()
    });
    &RULES
}
