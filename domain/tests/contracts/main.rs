//! The contract of every event: in `contracts/`, a golden payload and a JSON Schema per type and
//! version. What has landed there is never changed: the log is full of such payloads.
//!
//! `DOCKET_WRITE_CONTRACTS=1` writes what is missing (a new event, a new version) and nothing else.
//! A later version says all that the one before it said (`compatibility`).

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says so by failing")]

mod asyncapi;
mod compatibility;
mod examples;
mod landed;
mod personal;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use domain::event::{EXPORT, Event, SLA, TENANT, TICKET, decode};
use domain::export::ExportEvent;
use domain::sla::event::SlaEvent;
use domain::tenant::TenantEvent;
use domain::ticket::TicketEvent;
use domain::ticket::upcast::Upcasters;
use serde_json::Value;

/// A type of event, as it is written today.
struct Contract {
    aggregate: &'static str,
    name: &'static str,
    version: &'static str,
    schema: Value,
    example: Event,
}

fn contracts() -> Vec<Contract> {
    let examples = examples::all();
    let tickets = TicketEvent::schemas().into_iter().map(|one| (TICKET, one));
    let tenants = TenantEvent::schemas().into_iter().map(|one| (TENANT, one));
    let slas = SlaEvent::schemas().into_iter().map(|one| (SLA, one));
    let exports = ExportEvent::schemas().into_iter().map(|one| (EXPORT, one));
    tickets
        .chain(tenants)
        .chain(slas)
        .chain(exports)
        .map(|(aggregate, (name, version, schema))| Contract {
            aggregate,
            name,
            version,
            schema: schema.to_value(),
            example: examples
                .iter()
                .find(|event| event.name() == name)
                .unwrap_or_else(|| panic!("an example of {name} is missing in examples.rs"))
                .clone(),
        })
        .collect()
}

fn encoded(event: &Event) -> Value {
    serde_json::from_str(&event.encode().unwrap()).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts")
}

/// A schema without what it says to people, which may be put better at any time. A property that
/// is called `description` is a schema, not a text, and stays.
fn without_words(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(members) => {
            members.retain(|name, value| name != "description" || !value.is_string());
            members.values_mut().for_each(|value| *value = without_words(value.take()));
        }
        Value::Array(elements) => {
            for value in elements {
                *value = without_words(value.take());
            }
        }
        _ => {}
    }
    schema
}

/// Reads a file of the contracts; writes it first if it is missing and that was asked for.
fn kept(file: &str, value: &Value) -> Value {
    let path = folder().join(file);
    if !path.exists() && std::env::var_os("DOCKET_WRITE_CONTRACTS").is_some() {
        fs::create_dir_all(folder()).unwrap();
        fs::write(&path, format!("{value:#}\n")).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("contracts/{file}: {error}; write it with DOCKET_WRITE_CONTRACTS=1 cargo test -p domain")
    });
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("contracts/{file}: {error}"))
}

#[test]
fn the_contracts_are_what_is_written_today() {
    for contract in contracts() {
        let Contract { name, version, .. } = contract;
        let schema = kept(&format!("{name}.v{version}.schema.json"), &contract.schema);
        assert_eq!(
            without_words(schema),
            without_words(contract.schema),
            "{name} has changed: leave version {version} as it is, and make a new one with an upcaster \
             (CONTRIBUTING.md, \"Events\")"
        );
        let payload = encoded(&contract.example);
        let golden = kept(&format!("{name}.v{version}.json"), &payload);
        assert_eq!(golden, payload, "the example of {name} isn't its golden payload");
    }
}

#[test]
fn every_payload_that_was_ever_written_can_be_read() {
    let contracts = contracts();
    let mut read = BTreeSet::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if file == asyncapi::FILE {
            continue;
        }
        let stem = file.strip_suffix(".schema.json").or(file.strip_suffix(".json"));
        let (name, version) = stem
            .and_then(|stem| stem.split_once(".v"))
            .unwrap_or_else(|| panic!("contracts/{file} is no contract"));
        let contract = contracts
            .iter()
            .find(|contract| contract.name == name)
            .unwrap_or_else(|| panic!("contracts/{file}: nothing writes or reads {name} any more"));
        if file.ends_with(".schema.json") {
            assert!(
                folder().join(format!("{name}.v{version}.json")).exists(),
                "{file} has no golden payload"
            );
            continue;
        }
        let payload = fs::read_to_string(folder().join(&file)).unwrap();
        let event = decode(contract.aggregate, name, version, &payload, &Upcasters::default())
            .unwrap_or_else(|error| panic!("contracts/{file}: {error}"));
        assert_eq!(event.name(), name);
        if version == contract.version {
            assert_eq!(encoded(&event), serde_json::from_str::<Value>(&payload).unwrap(), "{file}");
        }
        read.insert(name.to_owned());
    }
    let types = [TicketEvent::TYPES, TenantEvent::TYPES, SlaEvent::TYPES, ExportEvent::TYPES];
    assert_eq!(read.len(), types.map(<[_]>::len).iter().sum::<usize>());
}

/// The versions of each type whose schemas are kept, oldest first.
fn versions() -> BTreeMap<String, Vec<(u32, Value)>> {
    let mut found: BTreeMap<String, Vec<(u32, Value)>> = BTreeMap::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some((name, version)) = file.strip_suffix(".schema.json").and_then(|stem| stem.split_once(".v"))
        else {
            continue;
        };
        let version = version.parse().unwrap_or_else(|_| panic!("{file}: versions are 1, 2, 3, …"));
        let schema = serde_json::from_str(&fs::read_to_string(folder().join(&file)).unwrap()).unwrap();
        found.entry(name.to_owned()).or_default().push((version, schema));
    }
    for versions in found.values_mut() {
        versions.sort_by_key(|(version, _)| *version);
    }
    found
}

#[test]
fn each_version_says_what_the_one_before_it_said() {
    let mut steps = 0;
    for (name, versions) in versions() {
        for ((before, old), (after, new)) in versions.iter().zip(versions.iter().skip(1)) {
            let breaks = compatibility::breaks(old, new);
            assert!(
                breaks.is_empty(),
                "version {after} of {name} breaks those who read version {before}: {breaks:#?}. Keep the field as \
                 it is and add an optional one beside it, or make a new type of event (CONTRIBUTING.md, \"Events\")"
            );
            steps += 1;
        }
    }
    assert!(steps > 0, "TicketEscalated has two versions");
}

/// So that a reader of the golden payload knows all that can be in one.
#[test]
fn examples_show_every_field() {
    for contract in contracts() {
        let payload = encoded(&contract.example);
        let shown: BTreeSet<_> = payload.as_object().unwrap().keys().collect();
        let fields: BTreeSet<_> = contract.schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(shown, fields, "{}", contract.name);
    }
}
