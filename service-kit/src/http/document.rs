//! What the OpenAPI documents of all services have in common.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

/// Puts right what is gathered from types in a form that no answer fits, and adds the headers that all
/// answers of a kind have. Every service's document goes through it.
pub fn finish(document: OpenApi) -> OpenApi {
    let Ok(mut value) = serde_json::to_value(&document) else { return document };
    let schemas = value["components"]["schemas"].as_object().cloned().unwrap_or_default();
    mend(&mut value, &schemas);
    if let Some(paths) = value["paths"].as_object_mut() {
        let operations = paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut);
        for operation in operations {
            // What is there without a token is no answer of the log's.
            if operation["security"] == json!([{}]) {
                continue;
            }
            if let Some(responses) = operation["responses"].as_object_mut() {
                let kept = responses.contains_key("304");
                for (status, response) in responses {
                    if kept && ["200", "304"].contains(&&**status) {
                        header(
                            response,
                            "ETag",
                            "What the answer is known by, for `If-None-Match`; files have none",
                        );
                    }
                    add_headers(status, response);
                }
            }
        }
    }
    serde_json::from_value(value).unwrap_or(document)
}

/// Goes through all schemas that are made of several. Whole objects are flattened into others: one that may be
/// missing is not `null` then, and one that takes no further fields by itself gets those of the others.
fn mend(value: &mut Value, schemas: &Map<String, Value>) {
    match value {
        Value::Object(fields) => {
            if let Some(parts) = fields.get_mut("allOf").and_then(Value::as_array_mut) {
                for part in parts {
                    open(part, schemas);
                }
            }
            fields.values_mut().for_each(|field| mend(field, schemas));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mend(item, schemas)),
        _ => {}
    }
}

fn open(part: &mut Value, schemas: &Map<String, Value>) {
    if let Some([some, none]) = part["oneOf"].as_array().map(Vec::as_slice)
        && *none == json!({"type": "null"})
    {
        *part = json!({"anyOf": [some, {"type": "object"}]});
        return;
    }
    let name = part["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    let Some(target) = name.and_then(|name| schemas.get(name)) else { return };
    if target["additionalProperties"] == false {
        let mut target = target.clone();
        if let Some(fields) = target.as_object_mut() {
            fields.remove("additionalProperties");
        }
        *part = target;
    }
}

/// The headers that all answers with this status have.
fn add_headers(status: &str, response: &mut Value) {
    if response.get("$ref").is_some() {
        return;
    }
    let (name, says) = match status {
        "429" | "503" => ("Retry-After", "When to try again, in seconds"),
        "401" => ("WWW-Authenticate", "How to authenticate"),
        // A stream says it with each of its messages, and may begin before there is any.
        _ if response["content"].get("text/event-stream").is_some() => return,
        "101" | "200" | "201" | "304" => {
            ("Docket-Position", "The position of the log that the answer reflects")
        }
        _ => return,
    };
    header(response, name, says);
}

fn header(response: &mut Value, name: &str, says: &str) {
    if response["headers"].get(name).is_none() {
        response["headers"][name] = json!({"description": says, "schema": {"type": "string"}});
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_flattened_fits() {
        let schemas = json!({"Closed": {"type": "object", "additionalProperties": false}});
        let mut value = json!({"allOf": [
            {"oneOf": [{"$ref": "#/components/schemas/Staff"}, {"type": "null"}]},
            {"$ref": "#/components/schemas/Closed"},
            {"$ref": "#/components/schemas/Other"},
        ]});
        mend(&mut value, schemas.as_object().unwrap());
        let expected = json!({"allOf": [
            {"anyOf": [{"$ref": "#/components/schemas/Staff"}, {"type": "object"}]},
            {"type": "object"},
            {"$ref": "#/components/schemas/Other"},
        ]});
        assert_eq!(value, expected);
    }
}
