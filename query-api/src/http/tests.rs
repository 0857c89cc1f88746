//! The table of routes, the table of operations and the committed document say the same.

use super::*;

#[test]
fn every_query_has_its_handler_and_every_handler_its_operation() {
    let routed: Vec<_> = table()
        .into_iter()
        .map(|(operation, (_, paths, _))| {
            let (path, item) = paths.paths.into_iter().next().unwrap();
            let get = item.get.unwrap();
            assert_eq!(path, operation.path(), "{operation:?}");
            assert_eq!(get.operation_id.as_deref(), Some(operation.name()), "{operation:?}");
            operation
        })
        .collect();
    let queries: Vec<_> = crate::operations().collect();
    assert_eq!(routed, queries);
}

#[test]
fn the_committed_document_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let current = openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("DOCKET_WRITE_CONTRACTS").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == current, "run this test with DOCKET_WRITE_CONTRACTS=1, and look at what changed");
}

#[test]
fn the_document_is_3_1_and_every_reference_leads_somewhere() {
    let document = serde_json::to_value(openapi()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name} is not there");
    }
}
