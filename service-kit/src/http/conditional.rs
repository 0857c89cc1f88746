//! `ETag` and `If-Match` over versions.

use axum::extract::FromRequestParts;
use axum::http::{HeaderValue, header, request::Parts};
use domain::ids::Version;

use crate::problem::Problem;

/// A version as an `ETag`.
pub fn etag(version: Version) -> HeaderValue {
    let text = format!("\"{version}\"");
    // Digits and quotes are always fit for a header.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The version that the caller's `If-Match` names; `None` without one and for `*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IfMatch(pub Option<Version>);

impl IfMatch {
    /// Reads a header's text.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        if text == "*" {
            return Ok(Self(None));
        }
        text.strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .map(|version| Self(Some(Version(version))))
            .ok_or_else(|| {
                Problem::bad_request(
                    "invalid_if_match",
                    "If-Match takes one version in quotes, such as \"7\"",
                )
            })
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.headers.get(header::IF_MATCH) {
            Some(value) => Self::parse(value.to_str().unwrap_or_default()),
            None => Ok(Self(None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_version_in_quotes() {
        assert_eq!(IfMatch::parse("\"7\"").unwrap(), IfMatch(Some(Version(7))));
        assert_eq!(IfMatch::parse("*").unwrap(), IfMatch(None));
        for bad in ["7", "\"\"", "\"-7\"", "W/\"7\"", "\"1\", \"2\"", ""] {
            assert!(IfMatch::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(etag(Version(7)), "\"7\"");
    }
}
