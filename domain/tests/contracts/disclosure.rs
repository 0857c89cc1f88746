//! The table of who reads what is whole: each field of each schema, stored or published, of whatever version, has
//! its row, and `docs/consuming.md` tells the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use domain::disclosure::{DISCLOSURES, Disclosure, EMPTIED, METADATA, Reader};
use domain::event::TICKET;
use domain::metadata::Metadata;
use domain::stream::public;
use schemars::schema_for;
use serde_json::Value;

use crate::kept::{Folder, public as published, schema_file, stored};

/// A field that has no fields of its own: its path, and whether it says something about a person.
#[derive(Default)]
struct Leaves(BTreeMap<String, bool>);

impl Leaves {
    fn of(document: &Value) -> Self {
        let mut leaves = Self::default();
        leaves.walk(document, document, "", false, 0);
        leaves
    }

    fn walk(&mut self, document: &Value, schema: &Value, path: &str, personal: bool, depth: usize) {
        assert!(depth < 40, "{path}: a schema within itself needs a row of its own");
        if let Some(reference) = schema["$ref"].as_str() {
            let target = document.pointer(reference.trim_start_matches('#')).unwrap();
            return self.walk(document, target, path, personal, depth + 1);
        }
        let personal = personal || schema["x-personal"] == true;
        let forms = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|form| schema[form].as_array());
        let mut parts: Vec<&Value> = forms.flatten().chain(schema.get("items")).collect();
        parts.retain(|part| part["type"] != "null" && part.get("const").is_none());
        let fields = schema["properties"].as_object();
        if fields.is_none_or(serde_json::Map::is_empty) && parts.is_empty() {
            let known = self.0.entry(path.to_owned()).or_default();
            *known |= personal;
            return;
        }
        for part in parts {
            self.walk(document, part, path, personal, depth + 1);
        }
        for (name, field) in fields.into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            self.walk(document, field, &path, personal, depth + 1);
        }
    }
}

/// Every schema that there ever was, by type of event.
fn schemas() -> Vec<(String, Value)> {
    let of = |folder: Folder| {
        let all = folder.contracts();
        all.into_iter().map(move |(name, version)| {
            let schema = folder.read(&schema_file(&name, version));
            (name, schema)
        })
    };
    of(stored()).chain(of(published())).collect()
}

fn row(name: &str) -> &'static Disclosure {
    let mut rows = DISCLOSURES.iter().filter(|row| row.event == name);
    let row = rows.next().unwrap_or_else(|| panic!("{name} has no row in disclosure/table.rs"));
    assert!(rows.next().is_none(), "{name} has two rows");
    row
}

/// Who reads a field. A row of the narrowest kind stands for what is below it; of all others each field has one.
fn reader(row: &Disclosure, path: &str) -> Option<Reader> {
    let exact = row.field(path);
    let above = || {
        let ends = path.match_indices('.').map(|(end, _)| &path[..end]);
        ends.filter_map(|above| row.field(above)).find(|reader| *reader == Reader::Audit)
    };
    exact.or_else(above)
}

#[test]
fn every_field_of_every_event_has_its_row() {
    let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (name, schema) in schemas() {
        let row = row(&name);
        for path in Leaves::of(&schema).0.keys().filter(|path| !path.is_empty()) {
            assert!(
                reader(row, path).is_some(),
                "{name}.{path}: who may read it? Say so in domain/src/disclosure/table.rs"
            );
            let rows = row.fields.iter().flat_map(|(_, paths)| paths.iter());
            used.extend(rows.filter(|known| below(path, known)).map(|known| (row.event, *known)));
        }
    }
    for row in DISCLOSURES {
        let mut seen = BTreeSet::new();
        for (reader, paths) in row.fields {
            for path in *paths {
                assert!(seen.insert(path), "{}.{path} has two rows", row.event);
                assert!(used.contains(&(row.event, path)), "{}.{path} is a field of no schema", row.event);
                let narrower = row.reader == Reader::Everyone || row.reader == *reader;
                assert!(narrower, "{}.{path}: not wider than the event", row.event);
            }
        }
        assert!(row.aggregate == TICKET || row.reader == Reader::Audit, "{}", row.event);
    }
}

fn below(path: &str, above: &str) -> bool {
    path == above || path.strip_prefix(above).is_some_and(|rest| rest.starts_with('.'))
}

/// So that what is hidden from somebody still fits its schema.
#[test]
fn what_is_promised_is_emptied_and_the_rest_left_out() {
    for (name, schema) in schemas() {
        let row = row(&name);
        let required: BTreeSet<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let closed = row.fields.iter().filter(|(reader, _)| *reader != row.reader);
        for path in closed.flat_map(|(_, paths)| paths.iter()).chain(row.texts) {
            assert!(!path.contains('.'), "{name}.{path}: hidden as a whole, or not at all");
            assert_eq!(required.contains(path), EMPTIED.contains(path), "{name}.{path}: required, or not");
        }
    }
}

/// A redacted message's text and files are gone for everyone; what says who wrote it stays.
#[test]
fn whatever_a_message_says_of_people_goes_with_its_text() {
    let mut texts = 0;
    for (name, schema) in schemas() {
        let row = row(&name);
        let leaves = Leaves::of(&schema).0;
        if !leaves.contains_key("message_id") {
            assert!(row.texts.is_empty(), "{name} is about no message");
            continue;
        }
        for (path, _) in leaves.iter().filter(|(path, personal)| **personal && *path != "author.name") {
            assert!(row.texts.iter().any(|text| below(path, text)), "{name}.{path} outlives a redaction");
            texts += 1;
        }
        for text in row.texts {
            assert!(leaves.keys().any(|path| below(path, text)), "{name}.{text} is no field");
        }
    }
    assert!(texts > 0);
}

#[test]
fn every_circumstance_has_its_row() {
    for schema in [schema_for!(Metadata).to_value(), schema_for!(public::Metadata).to_value()] {
        let leaves = Leaves::of(&schema).0;
        let fields: BTreeSet<&str> = leaves.keys().map(String::as_str).collect();
        let rows: Vec<&str> = METADATA.iter().flat_map(|(_, paths)| paths.iter().copied()).collect();
        assert_eq!(fields, rows.iter().copied().collect());
        assert_eq!(fields.len(), rows.len(), "each once");
    }
}

/// As the page has it: who may know of the event, and the fields that fewer may read.
fn told(row: &Disclosure) -> (String, String) {
    let closed = row.fields.iter().filter(|(reader, _)| *reader != row.reader);
    let fewer = closed.map(|(reader, paths)| {
        let paths: Vec<_> = paths.iter().map(|path| format!("`{path}`")).collect();
        format!("{}: {}", paths.join(", "), reader.as_str())
    });
    (row.reader.as_str().to_owned(), fewer.collect::<Vec<_>>().join("; "))
}

#[test]
fn consumers_are_told_who_reads_what() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/consuming.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once("## Who reads what").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap_or((section, ""));
    let lines = section.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let there: BTreeMap<&str, (String, String)> = lines
        .map(|line| {
            let (name, rest) = line.split_once("` | ").unwrap();
            let (reader, fewer) = rest.split_once(" | ").unwrap_or((rest.trim_end_matches(" |"), ""));
            (name, (reader.to_owned(), fewer.to_owned()))
        })
        .collect();
    let wanted: BTreeMap<&str, (String, String)> =
        DISCLOSURES.iter().map(|row| (row.event, told(row))).collect();
    let table: Vec<String> = DISCLOSURES
        .iter()
        .map(|row| {
            let (reader, fewer) = told(row);
            format!("| `{}` | {reader} | {fewer} |", row.event)
        })
        .collect();
    assert!(there == wanted, "docs/consuming.md should have\n{}", table.join("\n"));
}
