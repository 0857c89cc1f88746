//! Errors as RFC 9457 problem details: the one place where they become HTTP.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// The media type of problems.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What is wrong with one field of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Where: a JSON Pointer (RFC 6901) into the body.
    pub pointer: String,
    /// What, for programs; stable.
    pub code: Cow<'static, str>,
    /// What, for people.
    pub detail: String,
}

impl FieldError {
    /// A field's error.
    pub fn new(
        pointer: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self { pointer: pointer.into(), code: code.into(), detail: detail.into() }
    }
}

impl From<domain::input::FieldError> for FieldError {
    fn from(error: domain::input::FieldError) -> Self {
        Self::new(error.pointer, error.code, error.detail)
    }
}

/// An error as the caller gets it. Says what the caller can do; never a stack trace, SQL, or
/// another tenant's data. The layer of [`crate::http`] adds the request id.
#[derive(Clone, Debug)]
pub struct Problem(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    title: Cow<'static, str>,
    detail: Option<Cow<'static, str>>,
    errors: Vec<FieldError>,
    extra: Vec<(&'static str, serde_json::Value)>,
    retry_after: Option<u32>,
    challenge: Option<HeaderValue>,
}

impl Problem {
    /// A problem with a stable code and a title for people.
    pub fn new(status: StatusCode, code: &'static str, title: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            status,
            code,
            title: title.into(),
            detail: None,
            errors: Vec::new(),
            extra: Vec::new(),
            retry_after: None,
            challenge: None,
        }))
    }

    /// Says more about this occurrence.
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds a member of its own, for programs.
    pub fn with(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.0.extra.push((name, value.into()));
        self
    }

    /// Says which fields are wrong.
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Says when to try again, in seconds.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Says by `WWW-Authenticate` how to show who one is.
    pub fn challenge(mut self, challenge: HeaderValue) -> Self {
        self.0.challenge = Some(challenge);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// 404. The same for what doesn't exist and for what the caller may not know of.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing here")
    }

    /// 403.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not permitted").detail(detail)
    }

    /// 422, naming the fields. A single error's code is the problem's code when it is about the
    /// body's form (`unknown_field`), else the code is `validation_failed`.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        let code = match errors.as_slice() {
            [only] if only.code == "unknown_field" => "unknown_field",
            _ => "validation_failed",
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, "The body is not valid").errors(errors)
    }

    /// 400: a header or parameter can't be read.
    pub fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, "The request can't be read").detail(detail)
    }

    /// 503: try again later.
    pub fn unavailable(retry_after: u32) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available at the moment")
            .retry_after(retry_after)
    }

    /// 500. What happened is in the log under the request id, not in the answer.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "An error inside the service")
    }

    /// The body, with the request's id if there is one.
    pub fn body<'a>(&'a self, request_id: Option<&'a str>) -> impl Serialize + 'a {
        Body { problem: self, request_id }
    }

    pub(crate) fn render(&self, request_id: Option<&str>) -> Vec<u8> {
        serde_json::to_vec(&self.body(request_id)).unwrap_or_default()
    }
}

struct Body<'a> {
    problem: &'a Problem,
    request_id: Option<&'a str>,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = &*self.problem.0;
        let mut map = serializer.serialize_map(None)?;
        // The types need no pages of their own: `code` is what programs go by.
        map.serialize_entry("type", &format_args!("urn:docket:problem:{}", inner.code))?;
        map.serialize_entry("title", &inner.title)?;
        map.serialize_entry("status", &inner.status.as_u16())?;
        if let Some(detail) = &inner.detail {
            map.serialize_entry("detail", detail)?;
        }
        map.serialize_entry("code", inner.code)?;
        if let Some(id) = self.request_id {
            map.serialize_entry("request_id", id)?;
        }
        if !inner.errors.is_empty() {
            map.serialize_entry("errors", &inner.errors)?;
        }
        for (name, value) in &inner.extra {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.0.status, self.render(None)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.0.challenge.clone() {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        // The layer around the router finds it here and writes the body again with the request id.
        response.extensions_mut().insert(self);
        response
    }
}

/// How a problem looks, for the OpenAPI documents.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemSchema {
    /// `urn:docket:problem:<code>`.
    pub r#type: String,
    /// What is wrong, in general.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What is wrong, for programs; stable.
    pub code: String,
    /// The request's id, as in `X-Request-Id` and in the logs.
    pub request_id: String,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_has_the_members_of_the_contract() {
        let problem = Problem::validation(vec![FieldError::new("/subject", "too_long", "500 at most")]);
        let body: serde_json::Value = serde_json::from_slice(&problem.render(Some("r-1"))).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "urn:docket:problem:validation_failed",
                "title": "The body is not valid",
                "status": 422,
                "code": "validation_failed",
                "request_id": "r-1",
                "errors": [{"pointer": "/subject", "code": "too_long", "detail": "500 at most"}],
            })
        );
    }

    #[test]
    fn an_unknown_field_has_its_own_code() {
        let problem = Problem::validation(vec![FieldError::new("/colour", "unknown_field", "no")]);
        assert_eq!(problem.code(), "unknown_field");
    }
}
