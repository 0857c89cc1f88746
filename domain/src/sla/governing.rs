//! Which rules hold, as a tenant's events tell one after the other.

use std::sync::Arc;

use super::event::SlaEvent;
use super::policy::Rules;
use super::{Configuration, Sla};
use crate::ids::Version;

/// The rules that hold after so many of a tenant's events.
#[derive(Clone, Debug)]
pub struct Governing {
    sla: Sla,
    version: Version,
    rules: Arc<Rules>,
}

impl Default for Governing {
    fn default() -> Self {
        Self { sla: Sla::default(), version: Version(0), rules: Rules::starting().clone() }
    }
}

impl Governing {
    /// As they were kept: a configuration, the version that it is of, and the rules that hold.
    pub fn kept(configuration: Configuration, version: Version, rules: Arc<Rules>) -> Self {
        Self { sla: Sla { configuration: Arc::new(configuration) }, version, rules }
    }

    /// Takes in what happened; `version` is the event's place among the tenant's. Says whether other rules
    /// hold from here on.
    ///
    /// A command may be several events. Where the rules don't hold together between two of them, those
    /// before hold on, and so they do where an event changes nothing that they say.
    pub fn apply(&mut self, event: SlaEvent, version: Version) -> bool {
        self.sla.apply(event);
        self.version = version;
        let read = Rules::of_version(&self.sla.configuration, version).ok();
        let Some(rules) = read.filter(|rules| !rules.say_the_same(&self.rules)) else { return false };
        self.rules = Arc::new(rules);
        true
    }

    /// The rules that hold.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// The configuration as it stands.
    pub fn configuration(&self) -> &Configuration {
        &self.sla.configuration
    }

    /// How many events there were.
    pub fn version(&self) -> Version {
        self.version
    }
}
