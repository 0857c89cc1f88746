//! JSON bodies, and what is said of those that can't be taken.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use domain::input::locate;
use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::json::duplicate;
use crate::problem::{FieldError, Problem};

/// The largest body, in bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;
/// How much of a body that is too large is read and thrown away, so that the caller, who is still
/// sending, gets to see the answer.
const DISCARD: usize = 8 * BODY_LIMIT;
/// How long a caller may take to send a body.
const PATIENCE: Duration = Duration::from_secs(30);

/// A JSON body, read into a type. Broken JSON is 400; a wrong type, a missing or an unknown field
/// 422 with a pointer to it, and so is a name that stands twice in an object; too large 413; another media
/// type 415.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<S, T> FromRequest<S> for Json<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Payload(bytes) = Payload::from_request(request, state).await?;
        parse(&bytes).map(Self)
    }
}

/// A JSON body as it came, for those who need its bytes. No body at all is an empty object.
#[derive(Clone, Debug)]
pub struct Payload(pub Bytes);

impl<S: Sync> FromRequest<S> for Payload {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let typed = request.headers().contains_key(header::CONTENT_TYPE);
        let media_type = check_media_type(request.headers());
        let coding = check_coding(request.headers());
        let announced = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let reading = read(request.into_body(), announced);
        let bytes = tokio::time::timeout(PATIENCE, reading).await.map_err(|_| {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", "The body took too long to come")
        })??;
        coding?;
        if bytes.is_empty() && !typed {
            return Ok(Self(Bytes::from_static(b"{}")));
        }
        media_type?;
        Ok(Self(bytes))
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let mut given = headers.get_all(header::CONTENT_TYPE).iter();
    let only = match (given.next(), given.next()) {
        (Some(only), None) => only.to_str().unwrap_or_default(),
        _ => "",
    };
    let mut parts = only.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let json =
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    let utf8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    if json && utf8 {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "The body must be JSON in UTF-8",
    )
    .detail("send one Content-Type: application/json"))
}

/// A body is taken as it is sent: one that is coded would be read as what it isn't.
fn check_coding(headers: &HeaderMap) -> Result<(), Problem> {
    let plain = |name, plain: &str| {
        let codings =
            headers.get_all(name).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        let mut codings = codings.map(<[u8]>::trim_ascii).filter(|coding| !coding.is_empty());
        codings.all(|coding| coding.eq_ignore_ascii_case(plain.as_bytes()))
    };
    if plain(header::CONTENT_ENCODING, "identity") && plain(header::TRANSFER_ENCODING, "chunked") {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_content_encoding",
        "The body must be sent as it is",
    )
    .detail("send it without Content-Encoding"))
}

async fn read(body: Body, announced: Option<usize>) -> Result<Bytes, Problem> {
    let mut stream = body.into_data_stream();
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    let mut length = 0_usize;
    let mut too_large = announced.is_some_and(|length| length > BODY_LIMIT);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Problem::bad_request("body_incomplete", "the body broke off"))?;
        length = length.saturating_add(chunk.len());
        too_large |= length > BODY_LIMIT;
        if too_large {
            first = None;
            rest.clear();
            if length > DISCARD {
                break;
            }
        } else if first.is_none() && rest.is_empty() {
            // Nearly every body is one chunk, which needs no copy.
            first = Some(chunk);
        } else {
            if let Some(first) = first.take() {
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&chunk);
        }
    }
    if too_large {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large")
            .detail("1 MiB at most"));
    }
    Ok(first.unwrap_or_else(|| rest.freeze()))
}

/// Reads JSON into a type, or says where and why it can't be.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let read = parse_outermost(bytes)?;
    match duplicate(bytes) {
        None => Ok(read),
        Some(error) => Err(Problem::validation(vec![error.into()])),
    }
}

/// The same, where the parts of the body are taken as raw JSON and read one by one: whoever reads them
/// looks whether they say each thing once.
pub fn parse_outermost<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // serde would take an array as the fields in their order; the contract doesn't.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(match serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
            Ok(_) => Problem::validation(vec![FieldError::new("", "wrong_type", "an object is wanted")]),
            Err(error) => syntax(&error.to_string()),
        });
    }
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Data => refused::<T>(bytes, &error),
        Category::Eof if bytes.iter().all(u8::is_ascii_whitespace) => syntax("the body is empty"),
        _ => syntax(&error.to_string()),
    })
}

fn syntax(why: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed_json", "The body is not JSON").detail(why.to_owned())
}

/// Reads again, slower, to learn where the error is.
fn refused<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> Problem {
    // Broken JSON after the place of the error is still broken JSON.
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
        return syntax(&error.to_string());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    match locate(&mut deserializer, |tracked| T::deserialize(tracked)) {
        Err(located) => Problem::validation(vec![located.into()]),
        Ok(_) => Problem::validation(vec![FieldError::new("", "invalid", error.to_string())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read into, never out of")]
    struct Open {
        subject: String,
        #[serde(default)]
        requester: Option<Requester>,
        #[serde(default)]
        tags: Vec<String>,
        #[serde(default)]
        source: Option<Source>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read into, never out of")]
    struct Requester {
        id: String,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Source {
        Web,
    }

    fn refusal(body: &[u8]) -> (u16, String) {
        let problem = parse::<Open>(body).unwrap_err();
        let body: serde_json::Value = serde_json::from_slice(&problem.render(None)).unwrap();
        let said = match body["errors"].get(0) {
            Some(error) => {
                format!("{} {}", error["code"].as_str().unwrap(), error["pointer"].as_str().unwrap())
            }
            None => problem.code().to_owned(),
        };
        (problem.status().as_u16(), said)
    }

    #[test]
    fn broken_json_is_400() {
        for body in [
            &b"{\"subject\":"[..],
            b"",
            b"{\"subject\":\"\\ud800\"}",
            b"{\"subject\":\"\xff\"}",
            b"{\"subject\":\"a\"} x",
            b"{\"subject\": 5, broken",
        ] {
            assert_eq!(refusal(body), (400, "malformed_json".into()), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn what_is_wrong_is_pointed_to() {
        for (body, said) in [
            ("{}", "required /subject"),
            ("[]", "wrong_type "),
            ("5", "wrong_type "),
            ("{\"subject\":5}", "wrong_type /subject"),
            ("{\"subject\":\"a\",\"colour\":1}", "unknown_field /colour"),
            ("{\"subject\":\"a\",\"subject\":\"b\"}", "duplicate_field /subject"),
            ("{\"subject\":\"a\",\"requester\":{\"id\":\"x\",\"a/b\":1}}", "unknown_field /requester/a~1b"),
            ("{\"subject\":\"a\",\"requester\":{}}", "required /requester/id"),
            ("{\"subject\":\"a\",\"tags\":[\"x\",7]}", "wrong_type /tags/1"),
            ("{\"subject\":\"a\",\"source\":\"fax\"}", "unknown_value /source"),
        ] {
            assert_eq!(refusal(body.as_bytes()), (422, said.into()), "{body}");
        }
    }

    #[test]
    fn objects_of_any_shape_say_each_thing_once() {
        let taken: serde_json::Value = parse(br#"{"a":{"b":1},"c":[{"b":1},{"b":1}]}"#).unwrap();
        assert_eq!(taken["a"]["b"], 1);
        let problem = parse::<serde_json::Value>(br#"{"custom_fields":{"a":1,"a":2}}"#).unwrap_err();
        let body: serde_json::Value = serde_json::from_slice(&problem.render(None)).unwrap();
        assert_eq!(problem.status().as_u16(), 422);
        assert_eq!(body["errors"][0]["code"], "duplicate_field");
        assert_eq!(body["errors"][0]["pointer"], "/custom_fields/a");
        assert!(parse_outermost::<serde_json::Value>(br#"{"a":{"b":1,"b":2}}"#).is_ok());
    }

    #[test]
    fn a_coded_body_is_refused() {
        let check = |name: header::HeaderName, given: &[&str]| {
            let headers = given.iter().map(|value| (name.clone(), value.parse().unwrap()));
            check_coding(&headers.collect()).is_ok()
        };
        for plain in [&[][..], &["identity"], &["Identity, identity"], &[""]] {
            assert!(check(header::CONTENT_ENCODING, plain), "{plain:?}");
        }
        for coded in [&["br"][..], &["gzip"], &["identity, gzip"], &["identity", "deflate"], &["x-unknown"]] {
            assert!(!check(header::CONTENT_ENCODING, coded), "{coded:?}");
        }
        assert!(check(header::TRANSFER_ENCODING, &["chunked"]));
        assert!(!check(header::TRANSFER_ENCODING, &["gzip, chunked"]));
    }

    #[test]
    fn one_json_content_type_is_wanted() {
        let check = |given: &[&str]| {
            let headers = given.iter().map(|value| (header::CONTENT_TYPE, value.parse().unwrap()));
            check_media_type(&headers.collect()).is_ok()
        };
        assert!(check(&["application/json; charset=UTF-8"]));
        assert!(check(&["application/problem+json"]));
        assert!(!check(&["application/json; charset=latin1"]));
        assert!(!check(&["text/plain"]));
        assert!(!check(&["application/json", "text/plain"]));
        assert!(!check(&[]));
    }
}
