//! Set custom fields.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::input::Check;
use crate::tenant::Limits;
use crate::ticket::event::{CustomFieldsSet, FieldChange};
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// The longest key of a field, in characters.
const MAX_KEY: usize = 100;

/// Sets custom fields by key; null takes a field's value away. Fields that aren't named stay.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct SetCustomFields(
    /// The values by key.
    pub BTreeMap<String, Value>,
);

impl SetCustomFields {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let limits = &context.settings.limits;
        let mut check = Check::new();
        check_fields(&mut check, "", &self.0, limits);
        let changes: Vec<_> = self
            .0
            .iter()
            .filter_map(|(key, to)| {
                let from = ticket.custom_fields.get(key).unwrap_or(&Value::Null);
                (from != to).then(|| FieldChange { key: key.clone(), from: from.clone(), to: to.clone() })
            })
            .collect();
        let new = changes.iter().filter(|change| change.from.is_null()).count();
        let gone = changes.iter().filter(|change| change.to.is_null()).count();
        if new > 0 && ticket.custom_fields.len() + new - gone > limits.custom_fields {
            check.fail("", "too_many", format!("{} fields at most", limits.custom_fields));
        }
        check.finish()?;
        if changes.is_empty() {
            return Ok(vec![]);
        }
        Ok(vec![CustomFieldsSet { changes }.into()])
    }
}

/// The keys and values of custom fields.
pub(in crate::ticket) fn check_fields(
    check: &mut Check,
    pointer: &str,
    fields: &BTreeMap<String, Value>,
    limits: &Limits,
) {
    if fields.len() > limits.custom_fields {
        check.fail(pointer, "too_many", format!("{} fields at most", limits.custom_fields));
        return;
    }
    for (key, value) in fields {
        // RFC 6901: ~ and / within a name.
        let at = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
        if check.line(&at, key, MAX_KEY) != *key {
            check.fail(at.as_str(), "invalid_key", "a key has no space around it");
        }
        check.field_value(&at, value, limits.body);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ticket::commands::testing::*;

    fn fields(value: Value) -> SetCustomFields {
        serde_json::from_value(value).unwrap()
    }

    fn set(key: &str, from: Value, to: Value) -> CustomFieldsSet {
        CustomFieldsSet { changes: vec![FieldChange { key: key.to_owned(), from, to }] }
    }

    #[test]
    fn only_what_changes_is_told() {
        let room = set("room", json!(null), json!("2.14"));
        given([opened()]).when(agent(), fields(json!({"room": "2.14", "gone": null}))).then([room.clone()]);
        let events = [opened(), room.into()];
        given(events.clone()).when(agent(), fields(json!({"room": "2.14"}))).nothing();
        given(events.clone()).when(agent(), fields(json!({"room": null}))).then([set(
            "room",
            json!("2.14"),
            json!(null),
        )]);
        given(events).when(agent(), fields(json!({}))).nothing();
    }

    #[test]
    fn a_value_taken_away_is_gone() {
        let room = set("room", json!(null), json!("2.14"));
        let gone = set("room", json!("2.14"), json!(null));
        assert!(ticket_of([opened(), room.into(), gone.into()]).custom_fields.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        given([opened()])
            .when(agent(), fields(json!({"a/b": "x\0", "c": {"d": 1}, " e": 1, "": 1})))
            .invalid([
                ("/", "required"),
                ("/ e", "invalid_key"),
                ("/a~1b", "invalid_character"),
                ("/c", "invalid_type"),
            ]);
    }

    #[test]
    fn customers_set_none() {
        given([opened()]).when(customer(), fields(json!({"room": 1}))).forbidden();
    }
}
