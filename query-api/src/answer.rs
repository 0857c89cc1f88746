//! An answer: a body, the position that it reflects, and how it may be kept.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::ids::{Position, Version};
use serde::Serialize;
use service_kit::http::{POSITION, etag, position_header};

/// What a query answers.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    position: Position,
    version: Option<Version>,
    tag: Option<String>,
    body: T,
}

impl<T> Answer<T> {
    /// A body that reflects the log up to a position.
    pub(crate) fn at(position: Position, body: T) -> Self {
        Self { position, version: None, tag: None, body }
    }

    /// Adds the version as `ETag`.
    pub(crate) fn version(self, version: Version) -> Self {
        Self { version: Some(version), ..self }
    }

    /// Adds what the answer is known by as `ETag`: it may be kept, and asked for again.
    pub(crate) fn tag(self, tag: Option<String>) -> Self {
        Self { tag, ..self }
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(POSITION, position_header(self.position));
        headers.insert(header::CACHE_CONTROL, PRIVATE);
        if let Some(version) = self.version {
            headers.insert(header::ETAG, etag(version));
        }
        if let Some(tag) = &self.tag {
            keep(headers, tag);
        }
        response
    }
}

/// What is answered to those who have it already.
pub(crate) fn unchanged(position: Position, tag: &str) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    let headers = response.headers_mut();
    headers.insert(POSITION, position_header(position));
    keep(headers, tag);
    response
}

/// It may be kept by whom it was sent to, who asks each time whether it is still so.
fn keep(headers: &mut HeaderMap, tag: &str) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    // Tags are made of letters and digits.
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
}

/// What one caller may see is nobody else's, and is another thing a moment later.
pub(crate) const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// What every page for browsers is sent with: nothing from elsewhere, no script but our own.
pub(crate) const PAGE_HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-cache"),
];
