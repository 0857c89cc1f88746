//! JSON Schemas as people read them: a type in words, the fields in a table, an example.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::html::{Escaped, prose};

/// How deep an example goes; schemas may refer to themselves.
const DEEPEST: usize = 6;

/// The type of a schema in a few words, as HTML with links to named schemas.
pub(super) fn type_of(schema: &Value) -> String {
    if let Some(name) = reference(schema) {
        return format!("<a href=\"#schema-{0}\">{0}</a>", Escaped(name));
    }
    for kind in ["oneOf", "anyOf", "allOf"] {
        if let Some(choices) = schema[kind].as_array() {
            let words: Vec<_> = choices.iter().map(type_of).collect();
            return words.join(if kind == "allOf" { " and " } else { " or " });
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let words: Vec<_> = values.iter().map(|v| format!("<code>{}</code>", Escaped(&plain(v)))).collect();
        return words.join(", ");
    }
    let word = match &schema["type"] {
        Value::String(word) => word.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    };
    let mut text = Escaped(&word).to_string();
    if word.starts_with("array") {
        let _ = write!(text, " of {}", type_of(&schema["items"]));
    }
    if let Some(format) = schema["format"].as_str() {
        let _ = write!(text, " ({})", Escaped(format));
    }
    text
}

/// The fields of an object in a table; empty if it has none.
pub(super) fn fields(schema: &Value) -> String {
    let mut rows = String::new();
    collect_fields(schema, &mut rows);
    if rows.is_empty() {
        return rows;
    }
    format!(
        "<div class=\"wide\"><table><thead><tr><th scope=\"col\">Field</th><th scope=\"col\">Type</th>\
         <th scope=\"col\">Meaning</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

fn collect_fields(schema: &Value, rows: &mut String) {
    if let Some(parts) = schema["allOf"].as_array() {
        for part in parts {
            collect_fields(part, rows);
        }
    }
    let required: Vec<_> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let mark = if required.contains(&name.as_str()) { "" } else { " <small>optional</small>" };
        let _ = write!(
            rows,
            "<tr><th scope=\"row\"><code>{}</code>{mark}</th><td>{}</td><td>{}</td></tr>",
            Escaped(name),
            type_of(field),
            prose(field["description"].as_str().unwrap_or_default()),
        );
    }
}

/// The example that a schema gives, or one made from its fields.
pub(super) fn example(schema: &Value, schemas: &Map<String, Value>) -> Value {
    example_at(schema, schemas, 0)
}

fn example_at(schema: &Value, schemas: &Map<String, Value>, depth: usize) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(first) = schema["examples"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(target) = reference(schema).and_then(|name| schemas.get(name)) {
        return example_at(target, schemas, depth + 1);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = Map::new();
        for part in parts {
            if let Value::Object(fields) = example_at(part, schemas, depth + 1) {
                whole.extend(fields);
            }
        }
        return Value::Object(whole);
    }
    for kind in ["oneOf", "anyOf"] {
        let choices = schema[kind].as_array().into_iter().flatten();
        if let Some(choice) = choices.clone().find(|c| c["type"] != "null").or(choices.clone().next()) {
            return example_at(choice, schemas, depth + 1);
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    let kind = match &schema["type"] {
        // Nothing is known of it but that it may be missing.
        Value::Array(kinds) if schema.get("format").is_none() && kinds.iter().any(|kind| kind == "null") => {
            "null"
        }
        Value::Array(kinds) => kinds.iter().find_map(Value::as_str).unwrap_or_default(),
        other => other.as_str().unwrap_or_default(),
    };
    match kind {
        "object" => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            fields
                .map(|(name, field)| (name.clone(), example_at(field, schemas, depth + 1)))
                .collect::<Map<_, _>>()
                .into()
        }
        "array" => json!([example_at(&schema["items"], schemas, depth + 1)]),
        "integer" | "number" => json!(1),
        "boolean" => json!(true),
        "string" => match schema["format"].as_str() {
            Some("date-time") => json!("2026-01-31T08:00:00.000000Z"),
            Some("uuid") => json!("019a7c1e-5b7a-7cc3-98c4-dc0c0c07398f"),
            _ => json!("text"),
        },
        _ => Value::Null,
    }
}

/// The name that a `$ref` points to.
fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

/// A value as text, strings without their quotes.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_said_in_words() {
        assert_eq!(type_of(&json!({"type": ["string", "null"], "format": "uuid"})), "string or null (uuid)");
        assert_eq!(
            type_of(&json!({"type": "array", "items": {"$ref": "#/components/schemas/Ticket"}})),
            "array of <a href=\"#schema-Ticket\">Ticket</a>"
        );
        assert_eq!(type_of(&json!({"enum": ["a", "b"]})), "<code>a</code>, <code>b</code>");
    }

    #[test]
    fn an_example_is_made_from_the_fields() {
        let schemas = json!({"Ticket": {"type": "object", "properties": {
            "number": {"type": "string", "example": "TKT-00000001"},
            "version": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
        }}});
        let made = example(&json!({"$ref": "#/components/schemas/Ticket"}), schemas.as_object().unwrap());
        assert_eq!(made, json!({"number": "TKT-00000001", "version": 1, "tags": ["text"]}));
    }

    #[test]
    fn a_schema_within_itself_ends() {
        let schemas = json!({"Node": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}});
        let made = example(&json!({"$ref": "#/components/schemas/Node"}), schemas.as_object().unwrap());
        assert!(made.is_object());
    }
}
