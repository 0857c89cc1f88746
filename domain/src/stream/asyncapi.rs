//! The `AsyncAPI` document of the published events, made from their types.
//!
//! Its schemas are in draft 7 of JSON Schema, the one that `AsyncAPI` 3.0 asks tools to know; those in
//! `contracts/public` are in draft 2020-12. Both are made from the same types.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::public::{Contract, Metadata, subschemas};
use super::{ADDRESS, header};
use crate::event::{EXPORT, SLA, TENANT, TICKET};

/// The schema of the headers, among those of the events.
const HEADERS: &str = "Headers";

/// The document, `AsyncAPI` 3.0.0.
pub fn document() -> Value {
    let mut generator = SchemaSettings::draft07()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let types: Vec<Type> = subschemas(&mut generator)
        .into_iter()
        .map(|(contract, payload)| Type { contract, payload })
        .collect();
    let _ = generator.subschema_for::<Metadata>();
    let mut schemas = generator.take_definitions(true);
    let messages: Map<String, Value> =
        types.iter().map(|one| (one.contract.name.to_owned(), one.message(&schemas))).collect();
    schemas.insert(HEADERS.to_owned(), header::schema());
    let references: Map<String, Value> = types
        .iter()
        .map(|one| one.contract.name)
        .map(|name| (name.to_owned(), json!({"$ref": format!("#/components/messages/{name}")})))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Docket: events",
            "version": env!("CARGO_PKG_VERSION"),
            "description": INFO,
        },
        "defaultContentType": "application/json",
        "servers": {"nats": server()},
        "channels": {
            "events": {
                "address": ADDRESS,
                "title": "Events",
                "description": "Each event of the log on a subject of its own kind, in the order of the log, in the \
                                JetStream stream `DOCKET_<CELL>`. Wildcards choose: \
                                `docket.main.events.*.ticket.*.TicketResolved`.",
                "servers": [{"$ref": "#/servers/nats"}],
                "parameters": parameters(&types),
                "messages": references,
            },
        },
        "operations": {
            "receiveEvents": {
                "action": "receive",
                "channel": {"$ref": "#/channels/events"},
                "title": "Receive events",
                "summary": "Follow what happens, from the first event or from a position.",
                "description": "At least once: an event that comes twice has the same `ce-id` and `docket-position`. \
                                Where positions leave one out, what is between \
                                is read from the log over HTTP, \
                                `GET /v1/events?after=`.",
            },
        },
        "components": {"messages": messages, "schemas": schemas},
    })
}

const INFO: &str = "Every change to a ticket is an event, and every event is published on NATS: CloudEvents 1.0 in \
    binary mode, the attributes in headers, the fact itself as the body. Over HTTP the same events are in structured \
    mode (`GET /v1/events`, `/openapi.json`).\n\n\
    The document is written from a consumer's side. Its payloads are the versions that are published today; what was \
    published in an older version stays on the stream as it was, and says so in `docket-event-version` and \
    `ce-dataschema`. Every version has its schema at `GET /schemas/{type}/{version}`, and an example beside it in the \
    repository's folder `domain/contracts/public`.\n\n\
    `x-personal` marks what says something about a person.";

fn server() -> Value {
    json!({
        "host": "{host}:{port}",
        "protocol": "nats",
        "description": "The NATS of the cell, with JetStream. `docket status --json` names it.",
        "variables": {
            "host": {"default": "127.0.0.1", "description": "Where it is."},
            "port": {"default": "4222", "description": "A private one takes a free port."},
        },
        "security": [{"type": "userPassword", "description": "As the address of the NATS has it."}],
    })
}

/// A type of event with the schema of its payload.
struct Type {
    contract: &'static Contract,
    payload: Schema,
}

impl Type {
    fn message(&self, schemas: &Map<String, Value>) -> Value {
        let Contract { aggregate, name, version, uri, .. } = self.contract;
        json!({
            "name": name,
            "title": name,
            "summary": schemas.get(*name).map_or(&Value::Null, |schema| &schema["description"]),
            "contentType": "application/json",
            "headers": {
                "type": "object",
                "allOf": [{"$ref": format!("#/components/schemas/{HEADERS}")}],
                "properties": {
                    header::TYPE: {"type": "string", "const": name},
                    header::AGGREGATE_TYPE: {"type": "string", "const": aggregate},
                    header::EVENT_VERSION: {"type": "string", "const": version},
                    header::DATA_SCHEMA: {"type": "string", "const": uri},
                },
            },
            "payload": self.payload,
        })
    }
}

fn parameters(types: &[Type]) -> Value {
    let names: Vec<&str> = types.iter().map(|one| one.contract.name).collect();
    json!({
        "cell": {"description": "The cell, `--cell`.", "default": "main"},
        "tenant": {"description": "The tenant's id, a UUID.", "examples": ["0198c0de-0000-7000-8000-000000000001"]},
        "aggregateType": {"description": "What kind of thing it happened to.", "enum": [TICKET, TENANT, SLA, EXPORT]},
        "aggregateId": {
            "description": "Which one: a ticket's id, an export's, or the tenant's.",
            "examples": ["0198c0de-0000-7000-8000-000000000002"],
        },
        "eventType": {"description": "What happened.", "enum": names},
    })
}
