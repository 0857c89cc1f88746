//! The OpenAPI document is the committed one, and every route is in it.

use command_service::{openapi, routes};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

#[test]
fn the_committed_document_is_current() {
    let current = openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("DOCKET_WRITE_CONTRACTS").is_some() {
        std::fs::write(COMMITTED, &current).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(committed == current, "run the tests once with DOCKET_WRITE_CONTRACTS=1 and commit openapi.json");
}

#[test]
fn every_route_is_described_and_every_reference_leads_somewhere() {
    let document = serde_json::to_value(openapi()).unwrap();
    for (method, path, operation) in routes() {
        let described = &document["paths"][path][method.as_str().to_lowercase()];
        assert_eq!(described["operationId"], operation.name());
    }
    let text = document.to_string();
    for reference in text.split("\"#/components/").skip(1) {
        let (kind, name) = reference.split('"').next().unwrap().split_once('/').unwrap();
        assert!(document["components"][kind][name].is_object(), "{kind}/{name}");
    }
    assert_eq!(document["openapi"], "3.1.0");
}
