//! How the commands read their bodies.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::input::{FieldError, locate, merged};
use crate::sla::SlaError;

/// Reads a body, or says where and why it can't be.
pub(super) fn read<T: DeserializeOwned>(body: Value) -> Result<T, FieldError> {
    locate(body, |tracked| T::deserialize(tracked))
}

/// Takes the `place` out of a body: in the order of policies, from 1.
pub(super) fn place(body: &mut Map<String, Value>) -> Result<Option<usize>, FieldError> {
    let Some(value) = body.remove("place") else { return Ok(None) };
    match value.as_u64().and_then(|place| usize::try_from(place).ok()).filter(|place| *place > 0) {
        Some(place) => Ok(Some(place)),
        None => Err(FieldError {
            pointer: "/place".into(),
            code: "wrong_type",
            detail: "a place in the order is wanted: a whole number from 1".into(),
        }),
    }
}

/// What a JSON Merge Patch makes of what is configured.
pub(super) fn patched<T>(value: &T, patch: &Map<String, Value>) -> Result<T, SlaError>
where
    T: Serialize + DeserializeOwned,
{
    merged(value, patch).map_err(|error| SlaError::Invalid(vec![error]))
}
