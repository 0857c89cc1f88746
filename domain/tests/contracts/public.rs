//! What is published is a contract of its own, and what passes through from the log fits it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use domain::event::{Event, TICKET, decode};
use domain::metadata::Metadata;
use domain::stream::public::{self, CONTRACTS, Contract, PublicEvent, publish, schemas};
use domain::ticket::upcast::Upcasters;
use schemars::schema_for;
use serde_json::{Value, json};

use crate::compatibility::breaks;
use crate::examples;
use crate::kept::{self, payload_file, schema_file, without_words};

fn said(event: &Event) -> Value {
    serde_json::to_value(PublicEvent::of(event)).unwrap()
}

fn read(contract: &Contract, version: &str, payload: &str) -> Event {
    decode(contract.aggregate, contract.name, version, payload, &Upcasters::default())
        .unwrap_or_else(|error| panic!("{} version {version}: {error}", contract.name))
}

/// The schemas of today, by the contract that they are of.
fn current() -> Vec<(&'static Contract, Value)> {
    let schemas = schemas();
    let of = |contract: &Contract| schemas.iter().find(|one| one.is_current && one.name == contract.name);
    CONTRACTS.iter().map(|contract| (contract, of(contract).unwrap().schema.clone())).collect()
}

#[test]
fn the_public_contracts_are_what_is_published_today() {
    let (folder, examples) = (kept::public(), examples::all());
    for (contract, schema) in current() {
        let Contract { name, version, .. } = contract;
        let kept = folder.kept(&schema_file(name, version), &schema);
        assert_eq!(
            without_words(kept),
            without_words(schema),
            "what others are told of {name} has changed: leave public version {version} as it is, and say what is \
             new in a later one (CONTRIBUTING.md, \"Events\")"
        );
        let example = examples.iter().find(|event| event.name() == *name).unwrap();
        let golden = folder.kept(&payload_file(name, version), &said(example));
        assert_eq!(golden, said(example), "the example of {name} isn't its golden payload");
    }
}

#[test]
fn every_version_that_was_ever_published_is_told_by_its_uri() {
    let folder = kept::public();
    let told: BTreeSet<(String, u32)> =
        schemas().iter().map(|one| (one.name.to_owned(), one.version.parse().unwrap())).collect();
    let landed: BTreeSet<_> = folder.contracts().into_iter().collect();
    assert_eq!(told, landed, "what `schemas()` has (former versions in public/schema.rs), and what is kept");
    for one in schemas() {
        let kept = folder.read(&schema_file(one.name, one.version));
        assert_eq!(without_words(one.schema.clone()), without_words(kept));
        assert_eq!(one.schema["$id"], format!("urn:docket:schema:{}:{}", one.name, one.version));
        let current = CONTRACTS.iter().find(|contract| contract.uri == one.schema["$id"]);
        assert_eq!(current.is_some(), one.is_current);
    }
}

/// So that the bytes of the log may go out unread: they say nothing that the public schema doesn't tell of, lack
/// nothing that it promises, and mean what the conversion would say.
#[test]
fn what_passes_through_has_the_public_form() {
    let folder = kept::stored();
    for (contract, schema) in current() {
        for version in contract.as_stored {
            let name = contract.name;
            let stored = folder.read(&schema_file(name, version));
            let breaks = breaks(&stored, &schema);
            assert!(
                breaks.is_empty(),
                "version {version} of {name}, as it is stored, isn't what public version {} says: {breaks:#?}. Take \
                 it out of the list in public/listing.rs, so that it is converted",
                contract.version
            );
            let payload = folder.text(&payload_file(name, version));
            let published = publish(contract.aggregate, name, version, &payload, &Upcasters::default());
            assert_eq!(
                (published.contract, published.body),
                (Some(contract), Cow::Borrowed(payload.as_str()))
            );
            let golden: Value = serde_json::from_str(&payload).unwrap();
            assert_eq!(said(&read(contract, version, &payload)), golden, "{name} version {version}");
        }
    }
}

/// What is optional is left out of both forms, or of neither.
#[test]
fn what_is_missing_passes_through_too() {
    for (contract, schema) in current() {
        let examples = examples::all();
        let example = examples.iter().find(|event| event.name() == contract.name).unwrap();
        let full: Value = serde_json::from_str(&example.encode().unwrap()).unwrap();
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut sparse = full.clone();
        sparse.as_object_mut().unwrap().retain(|name, _| required.contains(&name.as_str()));
        // What is converted has no form of storage to be like.
        let Some(version) = contract.as_stored.last() else { continue };
        let event = read(contract, version, &sparse.to_string());
        let stored: Value = serde_json::from_str(&event.encode().unwrap()).unwrap();
        assert_eq!(said(&event), stored, "{}", contract.name);
    }
}

#[test]
fn everything_that_was_ever_written_is_published() {
    let folder = kept::stored();
    for (name, version) in folder.contracts() {
        let contract = CONTRACTS.iter().find(|contract| contract.name == name).unwrap();
        let payload = folder.text(&payload_file(&name, version));
        let published =
            publish(contract.aggregate, &name, &version.to_string(), &payload, &Upcasters::default());
        assert_eq!(published.contract, Some(contract), "{name} version {version}");
    }
}

/// As if the log had begun to keep tags in another form, with a field for itself alone.
#[test]
fn storage_may_change_and_what_is_published_does_not() {
    fn lift(stored: Value) -> Value {
        json!({"tag": stored["label"]["text"]})
    }
    let upcasters = Upcasters::default().with("TagAdded", "2", "1", lift);
    let stored = r#"{"label":{"text":"vip","shard":7}}"#;
    let before = publish(TICKET, "TagAdded", "1", r#"{"tag":"vip"}"#, &upcasters);
    let after = publish(TICKET, "TagAdded", "2", stored, &upcasters);
    assert_eq!(before, after);
    assert!(matches!(before.body, Cow::Borrowed(_)) && matches!(after.body, Cow::Owned(_)));
}

#[test]
fn what_cannot_be_read_goes_out_as_it_stands_and_promises_nothing() {
    for (aggregate, event, version, payload) in [
        ("planet", "TagAdded", "1", r#"{"tag":"vip"}"#),
        (TICKET, "TicketFlown", "1", r#"{"to":"the moon"}"#),
        (TICKET, "TagAdded", "9", r#"{"tags":["vip"]}"#),
    ] {
        let published = publish(aggregate, event, version, payload, &Upcasters::default());
        assert_eq!((published.contract, published.body), (None, Cow::Borrowed(payload)));
    }
}

/// The circumstances have no versions, and always pass through.
#[test]
fn stored_metadata_is_what_others_are_told_of() {
    let (stored, told) = (schema_for!(Metadata).to_value(), schema_for!(public::Metadata).to_value());
    assert_eq!(breaks(&stored, &told), Vec::<String>::new());
    assert_eq!(breaks(&told, &stored), Vec::<String>::new());
}
