//! A page to look at tickets with: read-only, in the browser, by the API that everybody has.

use axum::Router;
use axum::http::header;
use axum::routing::get;

use crate::answer::PAGE_HEADERS;

/// `/`, `/console.js` and `/console.css`.
pub(super) fn router() -> Router {
    let file = |kind: &'static str, text: &'static str| {
        get(move || async move { (PAGE_HEADERS, [(header::CONTENT_TYPE, kind)], text) })
    };
    Router::new()
        .route("/", file("text/html; charset=utf-8", include_str!("console/index.html")))
        .route("/console.js", file("text/javascript; charset=utf-8", include_str!("console/console.js")))
        .route("/console.css", file("text/css; charset=utf-8", include_str!("console/console.css")))
}
