//! The `AsyncAPI` document is the committed one, and tells of every event.

use std::fs;

use domain::event::{EXPORT, SLA, TENANT, TICKET};
use domain::stream::public::{CONTRACTS, schemas};
use domain::stream::{ADDRESS, asyncapi, header};
use serde_json::Value;

use crate::kept::stored;

/// Its name among the contracts. Unlike those it is of today alone, so it may change.
pub(crate) const FILE: &str = "asyncapi.json";

#[test]
fn the_committed_document_is_current() {
    let path = stored().path().join(FILE);
    let current = format!("{:#}\n", asyncapi::document());
    if std::env::var_os("DOCKET_WRITE_CONTRACTS").is_some() {
        fs::write(&path, &current).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == current, "run this test with DOCKET_WRITE_CONTRACTS=1, and look at what changed");
}

#[test]
fn every_event_is_a_message_with_its_version_and_schema() {
    let document = asyncapi::document();
    let messages = document["components"]["messages"].as_object().unwrap();
    assert_eq!(messages.len(), CONTRACTS.len());
    let schemas = schemas();
    for contract in CONTRACTS {
        let name = contract.name;
        let told = &schemas.iter().find(|one| one.is_current && one.name == name).unwrap().schema;
        let message = &messages[name];
        assert!(message["summary"].is_string(), "{name} says what happened");
        let fixed = &message["headers"]["properties"];
        assert_eq!(fixed[header::TYPE]["const"], name);
        assert_eq!(fixed[header::AGGREGATE_TYPE]["const"], contract.aggregate);
        assert_eq!(fixed[header::EVENT_VERSION]["const"], contract.version);
        assert_eq!(fixed[header::DATA_SCHEMA]["const"], contract.uri);
        let reference = message["payload"]["$ref"].as_str().unwrap();
        let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
        let fields = |schema: &Value| -> Vec<String> {
            schema["properties"].as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(fields(schema), fields(told), "{name}");
        assert_eq!(schema["required"], told["required"], "{name}");
        assert!(document["channels"]["events"]["messages"][name].is_object(), "{name}");
    }
}

#[test]
fn every_parameter_is_told_and_every_reference_leads_somewhere() {
    let document = asyncapi::document();
    let channel = &document["channels"]["events"];
    let named: Vec<&str> = ADDRESS.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    let told = channel["parameters"].as_object().unwrap();
    assert_eq!(told.len(), named.len());
    assert!(named.iter().all(|name| told.contains_key(*name)), "{named:?}");
    assert_eq!(told["aggregateType"]["enum"], serde_json::json!([TICKET, TENANT, SLA, EXPORT]));
    for reference in document.to_string().split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer} is not there");
    }
}
