//! Histories made of the golden payloads of all types of events: what the domain can say, by its own lists.

use std::path::Path;

use domain::disclosure::DISCLOSURES;
use domain::event::{Event, TICKET, decode};
use domain::ids::{CommandId, EventId, TenantId, Version};
use domain::stream::public::CONTRACTS;
use domain::ticket::upcast::Upcasters;
use event_store::{Append, Claim, NewEvent, Outcome};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{App, tenant};

/// A golden payload, of the version that is written today.
pub(crate) fn payload(event: &str) -> Value {
    let version = version(event);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/contracts");
    let text = std::fs::read_to_string(folder.join(format!("{event}.v{version}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The version that is written today: the latest that there is a golden payload of.
fn version(event: &str) -> u32 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/contracts");
    (1..100).take_while(|version| folder.join(format!("{event}.v{version}.json")).exists()).last().unwrap()
}

/// Every type of a ticket's events, in the order of the table.
pub(crate) fn ticket_types() -> Vec<&'static str> {
    DISCLOSURES.iter().filter(|row| row.aggregate == TICKET).map(|row| row.event).collect()
}

/// The event, if the payload is one.
pub(crate) fn read(aggregate: &str, event: &str, payload: &Value) -> Option<Event> {
    let version = version(event).to_string();
    decode(aggregate, event, &version, &payload.to_string(), &Upcasters::default()).ok()
}

/// Writes events under ids that are known beforehand.
pub(crate) struct Writer<'a> {
    app: &'a App,
    versions: std::collections::HashMap<String, i64>,
    pub(crate) position: i64,
}

impl<'a> Writer<'a> {
    /// After what the log has so far.
    pub(crate) fn new(app: &'a App, position: i64) -> Self {
        Self { app, versions: std::collections::HashMap::new(), position }
    }

    /// That something has so many events already.
    pub(crate) fn knows(&mut self, id: &str, version: i64) {
        self.versions.insert(id.to_owned(), version);
    }

    /// Appends an event of the tenant `default`.
    pub(crate) async fn event(
        &mut self,
        aggregate: &'static str,
        id: &str,
        event: &'static str,
        payload: &Value,
        metadata: &Value,
    ) {
        self.event_in(tenant(), aggregate, id, event, payload, metadata).await;
    }

    /// Appends an event.
    pub(crate) async fn event_in(
        &mut self,
        tenant: TenantId,
        aggregate_type: &'static str,
        id: &str,
        event_type: &'static str,
        payload: &Value,
        metadata: &Value,
    ) {
        let version = self.versions.entry(id.to_owned()).or_default();
        let next = self.position + 1;
        let number = |kind: u128| Uuid::from_u128((kind << 64) + next as u128);
        let contract = CONTRACTS.iter().find(|one| one.name == event_type).unwrap();
        assert_eq!(contract.aggregate, aggregate_type);
        let versions = ["1", "2", "3", "4"];
        let command_id = CommandId(number(9));
        let event = NewEvent {
            event_id: EventId(number(7)),
            event_type,
            event_version: versions[self::version(event_type) as usize - 1],
            payload: payload.to_string(),
            metadata: metadata.to_string().into(),
        };
        let number = (event_type == "TicketOpened")
            .then(|| Claim { kind: "ticket_number", value: payload["number"].as_str().unwrap().to_owned() });
        let append = Append {
            tenant,
            aggregate_type,
            aggregate_id: id.to_owned(),
            expected: Version(*version),
            events: vec![event],
            command_id,
            idempotency: None,
            claims: number.into_iter().collect(),
        };
        match self.app.log.append(append).await.unwrap() {
            Outcome::Appended { position, .. } => assert_eq!(position.0, next, "nobody else writes"),
            other => panic!("{event_type}: {other:?}"),
        }
        *version += 1;
        self.position = next;
    }

    /// When it happened: a minute for each place in the log.
    pub(crate) fn metadata(&self, actor: &str, kind: &str) -> Value {
        json!({
            "actor": {"id": actor, "kind": kind, "name": "Somebody"},
            "occurred_at": time(self.position + 1),
            "request_id": "r-1", "ip": "192.0.2.7", "user_agent": "tests",
        })
    }
}

/// When the event at a position happens.
pub(crate) fn time(position: i64) -> String {
    format!("2026-01-01T{:02}:{:02}:00Z", position / 60, position % 60)
}
