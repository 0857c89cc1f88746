//! The contract of every event: in `contracts/`, a golden payload and a JSON Schema per type and
//! version that was ever stored, in `contracts/public` the same of what is published. What has landed there is
//! never changed: the log is full of such payloads, and others go by such schemas.
//!
//! `DOCKET_WRITE_CONTRACTS=1` writes what is missing (a new event, a new version) and nothing else.
//! A later version says all that the one before it said (`compatibility`).

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says so by failing")]

mod asyncapi;
mod compatibility;
mod disclosure;
mod examples;
mod kept;
mod landed;
mod personal;
mod public;

use std::collections::BTreeSet;

use domain::event::{EXPORT, Event, SLA, TENANT, TICKET, decode};
use domain::export::ExportEvent;
use domain::sla::event::SlaEvent;
use domain::tenant::TenantEvent;
use domain::ticket::TicketEvent;
use domain::ticket::upcast::Upcasters;
use serde_json::Value;

use crate::kept::{payload_file, schema_file, without_words};

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

#[test]
fn the_contracts_are_what_is_written_today() {
    let folder = kept::stored();
    for contract in contracts() {
        let Contract { name, version, .. } = contract;
        let schema = folder.kept(&schema_file(name, version), &contract.schema);
        assert_eq!(
            without_words(schema),
            without_words(contract.schema),
            "{name} has changed: leave version {version} as it is, and make a new one with an upcaster \
             (CONTRIBUTING.md, \"Events\")"
        );
        let payload = encoded(&contract.example);
        let golden = folder.kept(&payload_file(name, version), &payload);
        assert_eq!(golden, payload, "the example of {name} isn't its golden payload");
    }
}

#[test]
fn every_payload_that_was_ever_written_can_be_read() {
    let (contracts, folder) = (contracts(), kept::stored());
    let mut read = BTreeSet::new();
    for (name, version) in folder.contracts() {
        let file = payload_file(&name, version);
        let contract = contracts
            .iter()
            .find(|contract| contract.name == name)
            .unwrap_or_else(|| panic!("contracts/{file}: nothing writes or reads {name} any more"));
        let version = version.to_string();
        let payload = folder.text(&file);
        let event = decode(contract.aggregate, &name, &version, &payload, &Upcasters::default())
            .unwrap_or_else(|error| panic!("contracts/{file}: {error}"));
        assert_eq!(event.name(), name);
        if version == contract.version {
            assert_eq!(encoded(&event), serde_json::from_str::<Value>(&payload).unwrap(), "{file}");
        }
        read.insert(name);
    }
    let types = [TicketEvent::TYPES, TenantEvent::TYPES, SlaEvent::TYPES, ExportEvent::TYPES];
    assert_eq!(read.len(), types.map(<[_]>::len).iter().sum::<usize>());
}

#[test]
fn each_version_says_what_the_one_before_it_said() {
    for folder in [kept::stored(), kept::public()] {
        let mut steps = 0;
        for (name, versions) in folder.versions() {
            for ((before, old), (after, new)) in versions.iter().zip(versions.iter().skip(1)) {
                let breaks = compatibility::breaks(old, new);
                assert!(
                    breaks.is_empty(),
                    "{}: version {after} of {name} breaks those who read version {before}: {breaks:#?}. Keep the \
                     field as it is and add an optional one beside it, or make a new type of event (CONTRIBUTING.md, \
                     \"Events\")",
                    folder.name
                );
                steps += 1;
            }
        }
        assert!(steps > 0, "{}: TicketEscalated has two versions", folder.name);
    }
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
