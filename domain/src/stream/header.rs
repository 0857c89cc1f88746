//! The headers of an event's message: `CloudEvents` 1.0 in binary mode, and what Docket adds.
//!
//! Values are text in ASCII. What a header can't carry is percent-encoded, as the NATS binding of
//! `CloudEvents` has it, but for the metadata, which is JSON with everything beyond ASCII escaped.

use serde_json::{Map, Value, json};

/// The event's id once more, by which `JetStream` tells what it has already.
pub const MESSAGE_ID: &str = "Nats-Msg-Id";
/// The version of `CloudEvents`.
pub const SPEC_VERSION: &str = "ce-specversion";
/// The event's id.
pub const ID: &str = "ce-id";
/// The cell whose log it is in.
pub const SOURCE: &str = "ce-source";
/// What happened.
pub const TYPE: &str = "ce-type";
/// When it happened.
pub const TIME: &str = "ce-time";
/// What it happened to.
pub const SUBJECT: &str = "ce-subject";
/// The form of the body, as `CloudEvents` names it on NATS.
pub const DATA_CONTENT_TYPE: &str = "ce-datacontenttype";
/// The form of the body, as everybody else does.
pub const CONTENT_TYPE: &str = "content-type";
/// The schema that the body fits, by its URI.
pub const DATA_SCHEMA: &str = "ce-dataschema";
/// The position in the log.
pub const POSITION: &str = "docket-position";
/// The tenant.
pub const TENANT: &str = "docket-tenant";
/// What kind of thing it happened to.
pub const AGGREGATE_TYPE: &str = "docket-aggregate-type";
/// The place among the events of the same thing.
pub const SEQUENCE: &str = "docket-sequence";
/// The version of the type's schema that the body has.
pub const EVENT_VERSION: &str = "docket-event-version";
/// The command that it came from.
pub const COMMAND_ID: &str = "docket-command-id";
/// When it was written down.
pub const RECORDED_AT: &str = "docket-recorded-at";
/// Which incarnation of the stream.
pub const EPOCH: &str = "docket-epoch";
/// Which log.
pub const LOG: &str = "docket-log";
/// The circumstances.
pub const METADATA: &str = "docket-metadata";
/// The version in which the log has the event, where that isn't what the message has.
pub const STORED_VERSION: &str = "docket-stored-version";
/// On a message whose body isn't both the public form and what the log has: what it is.
pub const BODY: &str = "docket-body";
/// There is no body, the event being larger than NATS takes: it is to be read from the log.
pub const IN_LOG: &str = "in-log";
/// The body is the public form, and was made from what the log has.
pub const CONVERTED: &str = "converted";
/// The body is what the log has, in no public form: the relay's program can't read it.
pub const AS_STORED: &str = "as-stored";

/// Every header that a message may bear: its name, whether it always does, its schema.
pub fn all() -> Vec<(&'static str, bool, Value)> {
    vec![
        (MESSAGE_ID, true, id("The event's id, by which JetStream drops what it has already.")),
        (SPEC_VERSION, true, constant("1.0", "The version of CloudEvents.")),
        (ID, true, id("The event's id. Whoever gets an event twice knows it by this.")),
        (SOURCE, true, text("The cell whose log it is in: `/docket/<cell>`.")),
        (TYPE, true, text("What happened.")),
        (TIME, true, time("When it happened.")),
        (SUBJECT, true, text("What it happened to: a ticket's id, or a tenant's.")),
        (DATA_CONTENT_TYPE, true, constant("application/json", "The form of the body.")),
        (CONTENT_TYPE, true, constant("application/json", "The form of the body.")),
        (
            POSITION,
            true,
            number(
                "The place in the log, from 1: without gaps over all tenants of the cell, in commit order.",
            ),
        ),
        (TENANT, true, id("The tenant.")),
        (AGGREGATE_TYPE, true, text("What kind of thing `ce-subject` is.")),
        (SEQUENCE, true, number("The place among the events of the same thing, from 1, without gaps.")),
        (EVENT_VERSION, true, text("The version of the type's public schema that the body has.")),
        (
            DATA_SCHEMA,
            false,
            text(
                "The same as a URI, `urn:docket:schema:<type>:<version>`; the schema is at \
                 `GET /schemas/{type}/{version}`. Not there if `docket-body` is `as-stored`.",
            ),
        ),
        (
            STORED_VERSION,
            false,
            text(
                "The version in which the log has the event, if that isn't `docket-event-version` or the body was \
                 made from it. Nothing that consumers need.",
            ),
        ),
        (COMMAND_ID, true, id("The command that it came from; one command may make several events.")),
        (RECORDED_AT, true, time("When it was written down; later than `ce-time` for what was imported.")),
        (EPOCH, true, number("Which incarnation of the stream; a new one begins when it is built anew.")),
        (LOG, true, id("Which log. Positions of another one mean something else.")),
        (METADATA, false, metadata()),
        (BODY, false, body()),
    ]
}

/// The schema of all headers together.
pub fn schema() -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, always, schema) in all() {
        if always {
            required.push(name);
        }
        properties.insert(name.to_owned(), schema);
    }
    json!({
        "type": "object",
        "description": "CloudEvents 1.0 in binary mode, and what Docket adds. Every value is text.",
        "properties": properties,
        "required": required,
    })
}

fn text(says: &str) -> Value {
    json!({"type": "string", "description": says})
}

fn constant(value: &str, says: &str) -> Value {
    json!({"type": "string", "const": value, "description": says})
}

fn id(says: &str) -> Value {
    json!({"type": "string", "format": "uuid", "description": says})
}

fn time(says: &str) -> Value {
    json!({"type": "string", "format": "date-time", "description": says})
}

fn number(says: &str) -> Value {
    json!({"type": "string", "pattern": "^[0-9]+$", "description": says})
}

fn body() -> Value {
    json!({
        "type": "string",
        "enum": [IN_LOG, CONVERTED, AS_STORED],
        "description": "`in-log`: the event is larger than NATS takes; the message has no body, and no \
                        `docket-metadata`, and is to be read over HTTP. `converted`: the body is what the schema says, \
                        and was made from another form in the log. `as-stored`: the relay's program couldn't read the \
                        event, and the body is what the log has; `docket-event-version` is the log's then.",
    })
}

fn metadata() -> Value {
    json!({
        "type": "string",
        "contentMediaType": "application/json",
        "description": "Who did it and in which request, as JSON: see the schema `Metadata`. Characters beyond ASCII \
                        are escaped as JSON allows.",
        "x-personal": true,
    })
}
