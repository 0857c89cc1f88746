//! The schemas of what is published, of the present and of before.

use serde_json::Value;

use super::listing::documents;

/// The schemas of former versions, as they landed: the types are of today alone, and what was published keeps
/// the form that it had.
const FORMER: &[(&str, &str, &str)] =
    &[("TicketEscalated", "1", include_str!("../../../contracts/public/TicketEscalated.v1.schema.json"))];

/// The schema of a type of event in some version.
#[derive(Clone, Debug, PartialEq)]
pub struct PublicSchema {
    /// The type's name.
    pub name: &'static str,
    /// The version.
    pub version: &'static str,
    /// It is what is published today.
    pub is_current: bool,
    /// A JSON Schema (draft 2020-12) whose `$id` is the event's `dataschema`.
    pub schema: Value,
}

/// Each schema that an event on the stream may name, by type and version.
pub fn schemas() -> Vec<PublicSchema> {
    let current = documents().into_iter().map(|(contract, schema)| PublicSchema {
        name: contract.name,
        version: contract.version,
        is_current: true,
        schema: identified(contract.uri, schema.to_value()),
    });
    let former = FORMER.iter().filter_map(|&(name, version, text)| {
        let schema = serde_json::from_str(text).ok()?;
        Some(PublicSchema { name, version, is_current: false, schema })
    });
    let mut all: Vec<PublicSchema> = current.chain(former).collect();
    all.sort_by_key(|one| (one.name, one.version.len(), one.version));
    all
}

fn identified(uri: &str, mut schema: Value) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.insert("$id".to_owned(), uri.into());
    }
    schema
}
