//! Add a policy.

use serde_json::{Map, Value};

use super::parts::{place, read};
use crate::input::FieldError;
use crate::sla::event::SlaEvent;
use crate::sla::policy::PolicySpec;
use crate::sla::{Configuration, Sla, SlaError};

/// A new policy. It comes first, unless its place is said: what is added later is more often the
/// exception than the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddPolicy {
    /// The policy.
    pub policy: PolicySpec,
    /// Its place in the order, from 1.
    pub place: Option<usize>,
}

impl AddPolicy {
    /// Reads a policy that may have its `place` beside it.
    pub fn read(mut body: Map<String, Value>) -> Result<Self, FieldError> {
        let place = place(&mut body)?;
        Ok(Self { policy: read(Value::Object(body))?, place })
    }

    /// Decides.
    pub fn decide(&self, sla: &Sla) -> Result<Vec<SlaEvent>, SlaError> {
        let mut wanted = Configuration::clone(&sla.configuration);
        if wanted.place(&self.policy.key).is_some() {
            return Err(SlaError::Exists { what: "policy", key: self.policy.key.clone() });
        }
        let place = self.place.map_or(0, |place| place - 1).min(wanted.policies.len());
        wanted.policies.insert(place, self.policy.clone());
        sla.becomes(&wanted, |error| error.pointer_in_policy(&self.policy.key))
    }

    pub(super) fn key(&self) -> &str {
        &self.policy.key
    }
}
