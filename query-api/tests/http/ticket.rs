//! A hand to write a ticket's events with.

use domain::ids::{EventId, TenantId};
use domain::ticket::TicketEvent;
use domain::time::Ids as _;
use event_store::NewEvent;
use serde_json::{Value, json};
use service_kit::clock::{RandomIds, SystemClock};
use uuid::Uuid;

use crate::app::App;

/// A ticket that a test writes the events of.
pub(crate) struct Ticket<'a> {
    app: &'a App,
    tenant: TenantId,
    pub(crate) id: Uuid,
    version: i64,
    pub(crate) position: i64,
}

impl<'a> Ticket<'a> {
    /// Opens a ticket for somebody.
    pub(crate) async fn open(app: &'a App, number: &str, requester: &str) -> Self {
        Self::open_with(app, "default", number, requester, json!({})).await
    }

    /// Opens a ticket with more in its opening.
    pub(crate) async fn open_with(
        app: &'a App,
        key: &str,
        number: &str,
        requester: &str,
        more: Value,
    ) -> Self {
        let mut payload = json!({
            "number": number, "subject": format!("Subject of {number}"), "description": "As said.",
            "requester": {"id": requester, "name": "Somebody"}, "status": "new", "status_category": "new",
            "priority": "medium", "priority_rank": 3, "source": "portal",
        });
        payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut ticket = Self::unopened(app, key);
        ticket.event("TicketOpened", payload, requester, "customer").await;
        ticket
    }

    /// One that has no event yet.
    pub(crate) fn unopened(app: &'a App, key: &str) -> Self {
        Self { app, tenant: TenantId::of_key(key), id: RandomIds.next(), version: 0, position: 0 }
    }

    /// Adds an event.
    pub(crate) async fn event(
        &mut self,
        event_type: &'static str,
        payload: Value,
        actor: &str,
        kind: &str,
    ) -> i64 {
        self.event_of(event_type, payload, &circumstances(actor, kind)).await
    }

    /// Adds an event under these circumstances.
    pub(crate) async fn event_of(
        &mut self,
        event_type: &'static str,
        payload: Value,
        metadata: &Value,
    ) -> i64 {
        let event = new_event(event_type, &payload, metadata);
        assert!(TicketEvent::decode(event_type, &event.payload).unwrap().is_ok(), "{event_type}: {payload}");
        let id = self.id.to_string();
        self.position = self.app.append(self.tenant, "ticket", id, self.version, vec![event]).await;
        self.version += 1;
        self.position
    }

    pub(crate) async fn reply(&mut self, actor: &str, kind: &str, body: &str) -> Uuid {
        let id = RandomIds.next();
        let payload = json!({
            "message_id": id, "author": {"id": actor, "kind": kind}, "body": body,
            "first_response": kind == "agent",
        });
        self.event("ReplyAdded", payload, actor, kind).await;
        id
    }

    pub(crate) async fn note(&mut self, actor: &str, body: &str) -> Uuid {
        let id = RandomIds.next();
        let attachment =
            json!({"id": RandomIds.next(), "name": "inside.txt", "content_type": "text/plain", "size": 3});
        let author = json!({"id": actor, "kind": "agent"});
        let payload = json!({"message_id": id, "author": author, "body": body, "attachments": [attachment]});
        self.event("NoteAdded", payload, actor, "agent").await;
        id
    }

    pub(crate) async fn assign(&mut self, agent: &str) -> i64 {
        let payload = json!({"from": {}, "to": {"agent": agent}, "reason": "she knows printers"});
        self.event("TicketAssigned", payload, "amir", "agent").await
    }

    pub(crate) async fn status(&mut self, from: &str, to: &str, category: &str) -> i64 {
        let payload = json!({"from": from, "from_category": "new", "to": to, "to_category": category});
        self.event("StatusChanged", payload, "amir", "agent").await
    }

    pub(crate) fn path(&self) -> String {
        format!("/v1/tickets/{}", self.id)
    }
}

/// Metadata as the command service would write it.
pub(crate) fn circumstances(actor: &str, kind: &str) -> Value {
    json!({
        "actor": {"id": actor, "kind": kind}, "occurred_at": domain::time::Clock::now(&SystemClock),
        "request_id": "r-1", "ip": "192.0.2.7", "user_agent": "tests",
    })
}

/// The same at a time.
pub(crate) fn at(time: &str, actor: &str, kind: &str) -> Value {
    let mut metadata = circumstances(actor, kind);
    metadata["occurred_at"] = time.into();
    metadata
}

pub(crate) fn new_event(event_type: &'static str, payload: &Value, metadata: &Value) -> NewEvent {
    NewEvent {
        event_id: EventId(RandomIds.next()),
        event_type,
        event_version: "1",
        payload: payload.to_string(),
        metadata: metadata.to_string().into(),
    }
}
