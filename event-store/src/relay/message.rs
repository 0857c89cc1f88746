//! An event as a message: `CloudEvents` 1.0 in binary mode, and what Docket adds.
//!
//! The body is the event's public form, which nearly always is the payload as it is stored; where it isn't, the
//! message says so, and who wants what is stored reads the log. The metadata goes into a header, where only ASCII may
//! stand: other characters are escaped as JSON allows, so the text differs from the stored one and
//! the value doesn't. Hashes are over the stored bytes, which are in the log.

use std::borrow::Cow;
use std::fmt::Write;

use async_nats::{HeaderMap, Message};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::ids::{CommandId, EventId, Position, TenantId, Version};
use domain::stream::header::{self, AS_STORED, BODY, CONVERTED, IN_LOG};
pub(crate) use domain::stream::header::{EPOCH, LOG, MESSAGE_ID, POSITION};
use domain::stream::public::{Published, publish};
use domain::ticket::upcast::Upcasters;
use serde::Deserialize;
use uuid::Uuid;

use crate::envelope::RecordedEvent;

const JSON: &str = "application/json";

/// Which log, and which incarnation of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) log: Uuid,
    pub(crate) epoch: i64,
}

/// The headers and the body for an event.
pub(crate) fn encode(
    event: &RecordedEvent,
    cell: &str,
    origin: Origin,
    max_payload: usize,
    upcasters: &Upcasters,
) -> (HeaderMap, Bytes) {
    let Published { contract, body } = public(event, upcasters);
    let version = contract.map_or(event.event_version.as_str(), |contract| contract.version);
    let converted = matches!(body, Cow::Owned(_));
    let mut headers = HeaderMap::new();
    headers.insert(MESSAGE_ID, event.event_id.to_string());
    headers.insert(header::SPEC_VERSION, "1.0");
    headers.insert(header::ID, event.event_id.to_string());
    headers.insert(header::SOURCE, format!("/docket/{cell}"));
    headers.insert(header::TYPE, escape_header(&event.event_type));
    headers.insert(header::TIME, time(occurred_at(event)));
    headers.insert(header::SUBJECT, escape_header(&event.aggregate_id));
    headers.insert(header::DATA_CONTENT_TYPE, JSON);
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(POSITION, event.position.to_string());
    headers.insert(header::TENANT, event.tenant_id.to_string());
    headers.insert(header::AGGREGATE_TYPE, escape_header(&event.aggregate_type));
    headers.insert(header::SEQUENCE, event.sequence.to_string());
    headers.insert(header::EVENT_VERSION, escape_header(version));
    if let Some(contract) = contract {
        headers.insert(header::DATA_SCHEMA, contract.uri);
    }
    if converted || version != event.event_version {
        headers.insert(header::STORED_VERSION, escape_header(&event.event_version));
    }
    headers.insert(header::COMMAND_ID, event.command_id.to_string());
    headers.insert(header::RECORDED_AT, time(event.recorded_at));
    headers.insert(EPOCH, origin.epoch.to_string());
    headers.insert(LOG, origin.log.to_string());
    let metadata = ascii_json(&event.metadata);
    // Names and punctuation of the headers take less than the 2 kB that are left aside.
    if body.len() + metadata.len() + 2048 > max_payload {
        headers.insert(BODY, IN_LOG);
        return (headers, Bytes::new());
    }
    if converted {
        headers.insert(BODY, CONVERTED);
    } else if contract.is_none() {
        headers.insert(BODY, AS_STORED);
    }
    headers.insert(header::METADATA, metadata);
    let body = match body {
        Cow::Borrowed(stored) => Bytes::copy_from_slice(stored.as_bytes()),
        Cow::Owned(converted) => converted.into(),
    };
    (headers, body)
}

fn public<'a>(event: &'a RecordedEvent, upcasters: &Upcasters) -> Published<'a> {
    let RecordedEvent { aggregate_type, event_type, event_version, payload, .. } = event;
    publish(aggregate_type, event_type, event_version, payload, upcasters)
}

/// What a message on the events' subjects is.
#[derive(Debug, PartialEq)]
pub(crate) enum Received {
    /// An event of this log.
    Event(Box<RecordedEvent>),
    /// An event of this log that is to be read there: the message has no body, or not what is stored.
    InLog(Position),
    /// Something else.
    Foreign,
}

/// Reads a message; what isn't of this log is foreign.
pub(crate) fn decode(message: &Message, log: Uuid) -> Received {
    let Some(headers) = &message.headers else { return Received::Foreign };
    let text = |name: &str| headers.get(name).map(async_nats::HeaderValue::as_str);
    if text(LOG).and_then(|id| id.parse().ok()) != Some(log) {
        return Received::Foreign;
    }
    let Some(position) = text(POSITION).and_then(|text| text.parse().ok()).map(Position) else {
        return Received::Foreign;
    };
    // Whatever a later relay may have to say of a body, it won't be that it is what is stored.
    if text(BODY).is_some_and(|body| body != AS_STORED) {
        return Received::InLog(position);
    }
    let event = || {
        let uuid = |name: &str| text(name)?.parse::<Uuid>().ok();
        Some(RecordedEvent {
            position,
            event_id: EventId(uuid(header::ID)?),
            tenant_id: TenantId(uuid(header::TENANT)?),
            aggregate_type: unescape_header(text(header::AGGREGATE_TYPE)?),
            aggregate_id: unescape_header(text(header::SUBJECT)?),
            sequence: Version(text(header::SEQUENCE)?.parse().ok()?),
            event_type: unescape_header(text(header::TYPE)?),
            event_version: unescape_header(text(header::STORED_VERSION).or(text(header::EVENT_VERSION))?),
            payload: String::from_utf8(message.payload.to_vec()).ok()?,
            metadata: text(header::METADATA)?.to_owned(),
            command_id: CommandId(uuid(header::COMMAND_ID)?),
            recorded_at: text(header::RECORDED_AT)?.parse::<DateTime<Utc>>().ok()?,
        })
    };
    // Of this log, but unreadable: the log itself is to be asked.
    event().map_or(Received::InLog(position), |event| Received::Event(Box::new(event)))
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// When it happened, by its metadata; an import's events happened long before they were recorded.
fn occurred_at(event: &RecordedEvent) -> DateTime<Utc> {
    #[derive(Deserialize)]
    struct Occurred {
        occurred_at: DateTime<Utc>,
    }
    serde_json::from_str::<Occurred>(&event.metadata)
        .map_or(event.recorded_at, |metadata| metadata.occurred_at)
}

/// JSON with everything beyond ASCII escaped, on one line.
fn ascii_json(json: &str) -> String {
    let plain = |byte: u8| byte.is_ascii() && !matches!(byte, b'\r' | b'\n');
    if json.bytes().all(plain) {
        return json.to_owned();
    }
    let mut ascii = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            // Only between tokens: inside strings JSON has them escaped.
            '\r' | '\n' => ascii.push(' '),
            c if c.is_ascii() => ascii.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(ascii, "\\u{unit:04x}");
                }
            }
        }
    }
    ascii
}

/// Percent-encodes what a header can't carry, as `CloudEvents` does.
fn escape_header(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'%' | b'"');
    if text.bytes().all(plain) {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if plain(byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

fn unescape_header(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let escaped = (*first == b'%')
            .then(|| std::str::from_utf8(tail.get(..2)?).ok())
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn event() -> RecordedEvent {
        RecordedEvent {
            position: Position(7),
            event_id: EventId(Uuid::from_u128(1)),
            tenant_id: TenantId(Uuid::from_u128(2)),
            aggregate_type: "ticket".to_owned(),
            aggregate_id: "a b%ü\"".to_owned(),
            sequence: Version(3),
            event_type: "TicketOpened".to_owned(),
            event_version: "1".to_owned(),
            payload: r#"{"subject":"Grüße 😀"}"#.to_owned(),
            metadata: r#"{"occurred_at":"2016-02-29T01:16:00Z","actor":{"name":"Ünal"}}"#.to_owned(),
            command_id: CommandId(Uuid::from_u128(4)),
            recorded_at: "2026-01-02T03:04:05.678901Z".parse().unwrap(),
        }
    }

    fn message(headers: HeaderMap, payload: Bytes) -> Message {
        Message {
            subject: "x".into(),
            reply: None,
            length: payload.len(),
            payload,
            headers: Some(headers),
            status: None,
            description: None,
        }
    }

    const ORIGIN: Origin = Origin { log: Uuid::from_u128(9), epoch: 2 };

    /// As if `TagAdded` were kept as `{"label"}` in version 2.
    fn encoded(event: &RecordedEvent) -> (HeaderMap, Bytes) {
        let lift = |stored: serde_json::Value| serde_json::json!({"tag": stored["label"]});
        let upcasters = Upcasters::default().with("TagAdded", "2", "1", lift);
        encode(event, "main", ORIGIN, 1 << 20, &upcasters)
    }

    fn stored(event_type: &str, version: &str, payload: &str) -> RecordedEvent {
        let (event_type, event_version, payload) =
            (event_type.to_owned(), version.to_owned(), payload.to_owned());
        RecordedEvent { event_type, event_version, payload, ..event() }
    }

    #[test]
    fn a_message_is_read_back() {
        let event = event();
        let (headers, body) = encoded(&event);
        assert!(headers.get("docket-metadata").unwrap().as_str().is_ascii());
        assert_eq!(headers.get("ce-time").unwrap().as_str(), "2016-02-29T01:16:00.000000Z");
        assert_eq!(headers.get("ce-subject").unwrap().as_str(), "a%20b%25%C3%BC%22");
        let message = message(headers, body);
        let Received::Event(read) = decode(&message, ORIGIN.log) else { panic!("not an event") };
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&read.metadata), value(&event.metadata));
        assert_eq!(RecordedEvent { metadata: event.metadata.clone(), ..*read }, event);
        assert_eq!(decode(&message, Uuid::nil()), Received::Foreign);
    }

    #[test]
    fn what_is_too_large_stays_in_the_log() {
        let mut event = event();
        event.payload = format!("\"{}\"", "x".repeat(1 << 20));
        let (headers, body) = encoded(&event);
        assert_eq!(headers.get(BODY).unwrap().as_str(), IN_LOG);
        assert!(body.is_empty());
        assert_eq!(decode(&message(headers, body), ORIGIN.log), Received::InLog(Position(7)));
    }

    #[test]
    fn what_is_kept_in_another_version_says_so() {
        // The bytes are what the public version says: the version is all that differs.
        let escalated = stored("TicketEscalated", "1", r#"{"level":1,"reason":"no progress"}"#);
        let (headers, body) = encoded(&escalated);
        let header = |name: &str| headers.get(name).map(async_nats::HeaderValue::as_str);
        assert_eq!(header(header::EVENT_VERSION), Some("2"));
        assert_eq!(header(header::DATA_SCHEMA), Some("urn:docket:schema:TicketEscalated:2"));
        assert_eq!((header(header::STORED_VERSION), header(BODY)), (Some("1"), None));
        assert_eq!(body, escalated.payload.as_bytes());
        let Received::Event(read) = decode(&message(headers.clone(), body), ORIGIN.log) else {
            panic!("not an event")
        };
        assert_eq!((read.event_version.as_str(), &read.payload), ("1", &escalated.payload));
    }

    #[test]
    fn what_is_kept_in_another_form_is_converted_and_read_from_the_log() {
        let (headers, body) = encoded(&stored("TagAdded", "2", r#"{"label":"vip"}"#));
        let header = |name: &str| headers.get(name).map(async_nats::HeaderValue::as_str);
        assert_eq!(header(header::EVENT_VERSION), Some("1"));
        assert_eq!(header(header::DATA_SCHEMA), Some("urn:docket:schema:TagAdded:1"));
        assert_eq!((header(header::STORED_VERSION), header(BODY)), (Some("2"), Some(CONVERTED)));
        assert_eq!(body, r#"{"tag":"vip"}"#.as_bytes());
        assert_eq!(decode(&message(headers.clone(), body), ORIGIN.log), Received::InLog(Position(7)));
    }

    #[test]
    fn what_cannot_be_read_goes_out_as_it_is_kept() {
        let unknown = stored("TagAdded", "9", r#"{"tags":["vip"]}"#);
        let (headers, body) = encoded(&unknown);
        let header = |name: &str| headers.get(name).map(async_nats::HeaderValue::as_str);
        assert_eq!((header(header::EVENT_VERSION), header(header::DATA_SCHEMA)), (Some("9"), None));
        assert_eq!((header(header::STORED_VERSION), header(BODY)), (None, Some(AS_STORED)));
        assert_eq!(body, unknown.payload.as_bytes());
        let Received::Event(read) = decode(&message(headers.clone(), body), ORIGIN.log) else {
            panic!("not an event")
        };
        assert_eq!((&read.event_version, &read.payload), (&unknown.event_version, &unknown.payload));
    }

    #[test]
    fn the_headers_are_those_that_others_are_told_of() {
        let mut large = event();
        large.payload = " ".repeat(1 << 20);
        let schema = header::schema();
        let told = schema["properties"].as_object().unwrap();
        let required = schema["required"].as_array().unwrap();
        let mut seen = BTreeSet::new();
        let converted = stored("TagAdded", "2", r#"{"label":"vip"}"#);
        for event in [event(), large, converted] {
            let (headers, _) = encoded(&event);
            let names: BTreeSet<String> = headers.iter().map(|(name, _)| name.to_string()).collect();
            assert!(required.iter().all(|name| names.contains(name.as_str().unwrap())), "{names:?}");
            for (name, values) in headers.iter() {
                let (told, value) = (&told[&name.to_string()], values[0].as_str());
                assert!(told["const"].is_null() || told["const"] == value, "{name}");
                let listed = told["enum"].as_array();
                assert!(listed.is_none_or(|listed| listed.iter().any(|one| one == value)), "{name}");
            }
            seen.extend(names);
        }
        assert!(seen.iter().eq(told.keys()), "{seen:?}");
    }

    #[test]
    fn json_becomes_ascii() {
        assert_eq!(ascii_json("{\"a\":\n\"ü😀\"}"), r#"{"a": "\u00fc\ud83d\ude00"}"#);
    }
}
