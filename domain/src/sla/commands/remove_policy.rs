//! Take a policy away.

use crate::sla::event::SlaEvent;
use crate::sla::{Configuration, Sla, SlaError};

/// Takes a policy away. The next one that fits holds for its tickets, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovePolicy {
    /// Which.
    pub key: String,
}

impl RemovePolicy {
    /// Decides.
    pub fn decide(&self, sla: &Sla) -> Result<Vec<SlaEvent>, SlaError> {
        let mut wanted = Configuration::clone(&sla.configuration);
        let place = wanted.place(&self.key).ok_or(SlaError::NotFound("policy"))?;
        wanted.policies.remove(place);
        sla.becomes(&wanted, |_| String::new())
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }
}
