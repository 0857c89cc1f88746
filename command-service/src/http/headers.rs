//! `Idempotency-Key`.

use std::sync::Arc;

use axum::http::HeaderMap;
use service_kit::problem::Problem;

/// The longest key, in characters.
const LONGEST: usize = 255;

/// The caller's key, if there is one.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<Arc<str>>, Problem> {
    let mut given = headers.get_all("idempotency-key").iter();
    let Some(value) = given.next() else {
        return Ok(None);
    };
    let key = std::str::from_utf8(value.as_bytes()).ok().filter(|key| {
        let length = key.chars().count();
        (1..=LONGEST).contains(&length) && !key.chars().any(char::is_control)
    });
    match (key, given.next()) {
        (Some(key), None) => Ok(Some(Arc::from(key))),
        _ => Err(Problem::bad_request(
            "invalid_idempotency_key",
            "Idempotency-Key takes one key of 1 to 255 characters",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Option<Arc<str>>, Problem> {
        let name = axum::http::HeaderName::from_static("idempotency-key");
        let values = values
            .iter()
            .map(|value| (name.clone(), axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap()));
        idempotency_key(&values.collect())
    }

    #[test]
    fn a_key_has_1_to_255_characters() {
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&["k-1"]).unwrap().as_deref(), Some("k-1"));
        assert!(read(&[&"é".repeat(255)]).is_ok());
        for bad in [&[""][..], &[&"x".repeat(256)], &["a", "b"]] {
            assert!(read(bad).is_err());
        }
    }
}
