//! Holds answers to the OpenAPI document that the server serves: the operation has to be there, the status,
//! the headers, the content type, and the body has to fit its schema. The harness of each service includes this
//! file by its path, so that every answer in every test goes through it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Value, json};

/// What HTTP, a proxy or the layer around all services adds to answers of every kind.
const GENERAL_HEADERS: &[&str] = &[
    "access-control-allow-origin",
    "allow",
    "cache-control",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "referrer-policy",
    "sec-websocket-accept",
    "sec-websocket-protocol",
    "transfer-encoding",
    "upgrade",
    "vary",
    "x-accel-buffering",
    "x-content-type-options",
    "x-frame-options",
    "x-request-id",
];

/// Headers that only some of a status' answers have: OpenAPI's `required` is one that utoipa can't write.
const OCCASIONAL_HEADERS: &[(u16, &str)] = &[
    (200, "Idempotency-Replayed"),
    (201, "Idempotency-Replayed"),
    (409, "Retry-After"),
    (200, "Preference-Applied"),
];

/// Paths for people and browsers, which no document of an API lists.
const PAGES: &[&str] = &["/", "/console.js", "/console.css", "/docs", "/docs.js"];

/// What each service answers to operators, beside its API; the queries' document describes it for all.
const OPERATIONAL: &[&str] = &["/healthz", "/readyz", "/metrics"];

/// An OpenAPI document, and the schemas of it that were compiled.
pub(crate) struct Documented {
    document: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// What was answered; without a body where it isn't a whole one, as in a stream.
pub(crate) struct Answered<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: Option<&'a [u8]>,
}

impl Answered<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// What is answered outside of all operations, and so outside of the document: to what isn't one, and to
    /// what isn't HTTP.
    fn is_of_no_operation(&self, operation: Option<&Value>) -> bool {
        let known = operation.is_some();
        if !known && self.method == "GET" && OPERATIONAL.contains(&self.path) {
            return true;
        }
        match self.status {
            404 | 405 => !known,
            200 | 304 => PAGES.contains(&self.path) || (!known && self.method == "HEAD"),
            // Refused before it is routed: the text isn't HTTP, or names no host, or two.
            400 => self.body.is_some_and(<[u8]>::is_empty) || self.header("x-request-id").is_none() || !known,
            _ => false,
        }
    }
}

impl Documented {
    /// By this document.
    pub(crate) fn new(document: Value) -> Self {
        Self { document, validators: Mutex::default() }
    }

    /// Fails the test if an answer isn't as the document says.
    #[track_caller]
    pub(crate) fn check(&self, answered: &Answered<'_>) {
        if let Err(what) = self.fits(answered) {
            let Answered { method, path, status, headers, body } = answered;
            let body = body.unwrap_or_default();
            let body = String::from_utf8_lossy(&body[..body.len().min(2_000)]);
            panic!("{method} {path} answers {status} unlike its document: {what}\n{headers:?}\n{body}");
        }
    }

    fn fits(&self, answered: &Answered<'_>) -> Result<(), String> {
        let path = answered.path.split('?').next().unwrap_or_default();
        let found = self.operation(answered.method, path);
        if answered.is_of_no_operation(found.map(|(_, operation)| operation)) {
            return Ok(());
        }
        let (template, operation) = found.ok_or("there is no such operation")?;
        let response = self.response(operation, answered.status).ok_or("there is no such status")?;
        let headers = response["headers"].as_object();
        for (name, _) in &answered.headers {
            let general = GENERAL_HEADERS.iter().any(|general| general.eq_ignore_ascii_case(name));
            let stated = headers.into_iter().flatten().any(|(stated, _)| stated.eq_ignore_ascii_case(name));
            if !general && !stated {
                return Err(format!("there is no header {name}"));
            }
        }
        for name in headers.into_iter().flatten().map(|(name, _)| name) {
            // A file is made as it is sent, and known by nothing beforehand.
            let file = name == "ETag" && answered.header("content-disposition").is_some();
            let occasional = file || OCCASIONAL_HEADERS.contains(&(answered.status, name));
            if answered.header(name).is_none() && !occasional {
                return Err(format!("the header {name} is missing"));
            }
        }
        if answered.status == 101 {
            // Its content comes in messages.
            return Ok(());
        }
        let media_type = answered.header("content-type");
        let media_type = media_type.map(|value| value.split(';').next().unwrap_or(value).trim());
        let contents = response["content"].as_object().filter(|contents| !contents.is_empty());
        let (contents, media_type) = match (contents, media_type) {
            (None, None) => return Ok(()),
            (None, Some(media_type)) => return Err(format!("there is no content, not of {media_type}")),
            (Some(_), None) => return Err("a content type is missing".into()),
            (Some(contents), Some(media_type)) => (contents, media_type),
        };
        let content =
            contents.get(media_type).ok_or_else(|| format!("there is no content of {media_type}"))?;
        let (Some(schema), Some(body)) = (content.get("schema"), answered.body) else { return Ok(()) };
        if answered.method == "HEAD" {
            return Ok(());
        }
        let place = format!("{} {template} {} {media_type}", answered.method, answered.status);
        if media_type.ends_with("/json") || media_type.ends_with("+json") {
            return self.valid(place, schema, body);
        }
        if media_type == "application/x-ndjson" {
            let mut lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            return lines.try_for_each(|line| self.valid(place.clone(), schema, line));
        }
        Ok(())
    }

    /// The operation and its path's template; a template without parameters goes first.
    fn operation(&self, method: &str, path: &str) -> Option<(&str, &Value)> {
        let fits = |template: &str| {
            let (templates, parts) = (template.split('/'), path.split('/'));
            templates.clone().count() == parts.clone().count()
                && templates.zip(parts).all(|(one, other)| one.starts_with('{') || one == other)
        };
        let paths = self.document["paths"].as_object()?;
        let found = paths.get_key_value(path).or_else(|| paths.iter().find(|(template, _)| fits(template)));
        let (template, item) = found?;
        // HEAD is answered as GET is, without the body.
        let method = if method == "HEAD" { "get".to_owned() } else { method.to_lowercase() };
        Some((template.as_str(), item.get(method)?))
    }

    fn response<'a>(&'a self, operation: &'a Value, status: u16) -> Option<&'a Value> {
        let response = operation["responses"].get(status.to_string())?;
        match response["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.strip_prefix('#')?),
            None => Some(response),
        }
    }

    fn valid(&self, place: String, schema: &Value, body: &[u8]) -> Result<(), String> {
        let body: Value = serde_json::from_slice(body).map_err(|error| format!("the body: {error}"))?;
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = if let Some(validator) = validators.get(&place) {
            Arc::clone(validator)
        } else {
            // References go from the document's root.
            let whole = json!({"allOf": [schema], "components": self.document["components"]});
            let built = jsonschema::options().should_validate_formats(true).build(&whole);
            let built = Arc::new(built.map_err(|error| format!("its schema: {error}"))?);
            validators.insert(place, Arc::clone(&built));
            built
        };
        drop(validators);
        let errors = validator.iter_errors(&body).take(5);
        let errors: Vec<String> =
            errors.map(|error| format!("{error} at {}", error.instance_path())).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors.join("; ")) }
    }
}
