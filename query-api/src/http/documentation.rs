//! What the API says of itself: the OpenAPI document, a page made from it, the AsyncAPI document of
//! the events on NATS, and the events' schemas.

mod html;
mod page;
mod schema;
mod schemas;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use utoipa::openapi::OpenApi;

use crate::answer::PAGE_HEADERS;

/// `/openapi.json`, `/asyncapi.json`, `/schemas`, `/docs` and `/docs.js`, of a document that may be several
/// services' together.
pub(super) fn router(document: &OpenApi) -> Router {
    let value = serde_json::to_value(document).unwrap_or_default();
    let json = Bytes::from(serde_json::to_vec_pretty(&value).unwrap_or_default());
    let events = serde_json::to_vec_pretty(&domain::stream::asyncapi::document()).unwrap_or_default();
    let page = Bytes::from(page::render(&value));
    let text = |kind: &'static str, body: Bytes| {
        get(move || {
            let body = body.clone();
            async move { (PAGE_HEADERS, [(header::CONTENT_TYPE, kind)], body) }
        })
    };
    schemas::router()
        .route("/openapi.json", text("application/json", json))
        .route("/asyncapi.json", text("application/json", Bytes::from(events)))
        .route("/docs", text("text/html; charset=utf-8", page))
        .route(
            "/docs.js",
            text("text/javascript; charset=utf-8", Bytes::from_static(include_bytes!("console/docs.js"))),
        )
}
