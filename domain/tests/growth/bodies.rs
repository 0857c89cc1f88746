//! Bodies of every operation, made by what the committed OpenAPI document says of them: one that has all
//! that it can have, and of that each place at which something else could stand.

use std::path::Path;

use serde_json::{Map, Value, json};

/// The operations that take a body, each with one that has all of its fields.
pub(crate) fn operations() -> Vec<(String, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../command-service/openapi.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut operations = Vec::new();
    for (_, methods) in document["paths"].as_object().unwrap() {
        for (_, operation) in methods.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if !schema.is_null() {
                let name = operation["operationId"].as_str().unwrap().to_owned();
                operations.push((name, whole(&document, schema, 0)));
            }
        }
    }
    assert!(operations.len() > 30, "the document has lost its operations");
    operations
}

/// A value with all that its schema allows.
fn whole(document: &Value, schema: &Value, depth: usize) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return whole(document, document.pointer(&reference[1..]).unwrap(), depth + 1);
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let choice = choices.iter().find(|choice| choice["type"] != "null");
            return choice.map_or(Value::Null, |choice| whole(document, choice, depth + 1));
        }
    }
    if let Some(all) = schema["allOf"].as_array() {
        let parts = all.iter().filter_map(|part| whole(document, part, depth + 1).as_object().cloned());
        return Value::Object(parts.flatten().collect());
    }
    if let Some(value) = schema["enum"].get(0).or(schema.get("const")).or(schema.get("example")) {
        return value.clone();
    }
    let types = &schema["type"];
    let is = |name: &str| types == name || types.as_array().is_some_and(|types| types.contains(&json!(name)));
    if depth > 12 {
        return Value::Null;
    }
    if is("object") {
        let properties = schema["properties"].as_object().into_iter().flatten();
        let mut object: Map<_, _> =
            properties.map(|(name, schema)| (name.clone(), whole(document, schema, depth + 1))).collect();
        if schema["additionalProperties"].is_object() {
            let name = schema["propertyNames"]["enum"].get(0).and_then(Value::as_str).unwrap_or("key");
            object.insert(name.to_owned(), whole(document, &schema["additionalProperties"], depth + 1));
        } else if object.is_empty() {
            object.insert("key".to_owned(), json!("text"));
        }
        return Value::Object(object);
    }
    match () {
        () if is("array") => json!([whole(document, &schema["items"], depth + 1)]),
        () if is("integer") || is("number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        () if is("boolean") => json!(true),
        () => json!("text"),
    }
}

/// Each place in a body, as a JSON Pointer; texts apart from the rest.
pub(crate) fn places(value: &Value) -> (Vec<String>, Vec<String>) {
    let (mut texts, mut others) = (Vec::new(), vec![String::new()]);
    walk(value, String::new(), &mut texts, &mut others);
    (texts, others)
}

fn walk(value: &Value, at: String, texts: &mut Vec<String>, others: &mut Vec<String>) {
    match value {
        Value::String(_) => {
            texts.push(at.clone());
            others.push(at);
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                walk(element, format!("{at}/{index}"), texts, others);
            }
            others.push(at);
        }
        Value::Object(members) => {
            for (name, member) in members {
                walk(member, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), texts, others);
            }
            // A name that nobody knows.
            others.push(format!("{at}/unknown"));
            others.push(at);
        }
        _ => others.push(at),
    }
}

/// The body with something else at a place.
pub(crate) fn with(body: &Value, place: &str, value: Value) -> Value {
    let mut body = body.clone();
    if let Some(at) = body.pointer_mut(place) {
        *at = value;
    } else if let Some((parent, name)) = place.rsplit_once('/')
        && let Some(Value::Object(members)) = body.pointer_mut(parent)
    {
        members.insert(name.to_owned(), value);
    }
    body
}
