//! Change a policy, or its place in the order.

use serde_json::{Map, Value};

use super::parts::{patched, place};
use crate::input::FieldError;
use crate::sla::event::SlaEvent;
use crate::sla::{Configuration, Sla, SlaError};

/// Changes what is named of a policy; what is null goes. Its key stays.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangePolicy {
    /// Which.
    pub key: String,
    /// A JSON Merge Patch (RFC 7396).
    pub patch: Map<String, Value>,
    /// Its new place in the order, from 1.
    pub place: Option<usize>,
}

impl ChangePolicy {
    /// Reads a patch that may have the new `place` beside it.
    pub fn read(key: String, mut patch: Map<String, Value>) -> Result<Self, FieldError> {
        let place = place(&mut patch)?;
        Ok(Self { key, patch, place })
    }

    /// Decides.
    pub fn decide(&self, sla: &Sla) -> Result<Vec<SlaEvent>, SlaError> {
        let mut wanted = Configuration::clone(&sla.configuration);
        let from = wanted.place(&self.key).ok_or(SlaError::NotFound("policy"))?;
        let policy = patched(&wanted.policies.remove(from), &self.patch)?;
        if policy.key != self.key {
            return Err(SlaError::key_stays());
        }
        let to = self.place.map_or(from, |place| place - 1).min(wanted.policies.len());
        wanted.policies.insert(to, policy);
        sla.becomes(&wanted, |error| error.pointer_in_policy(&self.key))
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }
}
