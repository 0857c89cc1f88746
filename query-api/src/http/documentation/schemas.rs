//! The schemas of published events, by what `dataschema` and `docket-event-version` say of an event.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use domain::stream::public::{PublicSchema, schemas};
use serde_json::{Value, json};
use service_kit::http::Path;
use service_kit::problem::Problem;

use crate::answer::PAGE_HEADERS;

const SCHEMA: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/schema+json")];
const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

/// `/schemas` and `/schemas/{type}/{version}`.
pub(super) fn router() -> Router {
    let all = schemas();
    let list = Bytes::from(pretty(&json!({"items": all.iter().map(listed).collect::<Vec<_>>()})));
    let each: BTreeMap<(String, String), Bytes> = all
        .into_iter()
        .map(|one| ((one.name.to_owned(), one.version.to_owned()), pretty(&one.schema).into()))
        .collect();
    let each = Arc::new(each);
    Router::new().route("/schemas", get(move || async move { (PAGE_HEADERS, JSON, list) })).route(
        "/schemas/{type}/{version}",
        get(move |Path(asked): Path<(String, String)>| async move {
            let schema = each.get(&asked).cloned().ok_or_else(Problem::not_found)?;
            Ok::<_, Problem>((PAGE_HEADERS, SCHEMA, schema))
        }),
    )
}

fn listed(one: &PublicSchema) -> Value {
    let PublicSchema { name, version, is_current, schema } = one;
    json!({
        "type": name,
        "version": version,
        "current": is_current,
        "dataschema": schema["$id"],
        "href": format!("/schemas/{name}/{version}"),
    })
}

fn pretty(value: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).unwrap_or_default()
}
