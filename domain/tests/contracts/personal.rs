//! What is marked as personal data is what consumers are told, in `docs/consuming.md`: no mark goes
//! away or comes unseen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use domain::stream::asyncapi;
use serde_json::Value;

/// The paths of the fields with the mark.
fn marked(document: &Value, schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap();
        return marked(document, target, path, found);
    }
    if schema["x-personal"] == true {
        found.insert(path.to_owned());
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        marked(document, field, &path, found);
    }
    let forms = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|form| schema[form].as_array());
    for part in forms.flatten().chain(schema.get("items")).chain(schema.get("additionalProperties")) {
        marked(document, part, path, found);
    }
}

fn marked_in(document: &Value, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    marked(document, &document["components"]["schemas"][name], "", &mut found);
    found
}

#[test]
fn personal_data_is_marked_and_told_of() {
    let document = asyncapi::document();
    let messages = document["components"]["messages"].as_object().unwrap();
    let marked: BTreeMap<String, BTreeSet<String>> = messages
        .keys()
        .map(|name| (name.clone(), marked_in(&document, name)))
        .filter(|(_, fields)| !fields.is_empty())
        .collect();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/consuming.md");
    let page = fs::read_to_string(page).unwrap();
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let (_, section) = page.split_once("## Personal data").unwrap();
    let told: BTreeMap<String, BTreeSet<String>> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(name, fields)| (name.to_owned(), quoted(fields).into_iter().collect()))
        .collect();
    assert_eq!(marked, told, "the marks, and what docs/consuming.md says of them");
    let metadata = ["actor.name", "ip", "user_agent"].map(str::to_owned);
    assert_eq!(marked_in(&document, "Metadata"), BTreeSet::from(metadata));
}
