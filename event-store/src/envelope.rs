//! An event with its envelope, as the log holds it, and how it is read.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::event::{Event, UnreadableEvent, decode};
use domain::export::ExportEvent;
use domain::ids::{CommandId, EventId, Position, TenantId, Version};
use domain::metadata::Metadata;
use domain::sla::event::SlaEvent;
use domain::tenant::TenantEvent;
use domain::ticket::TicketEvent;
use domain::ticket::upcast::Upcasters;

use crate::append::NewEvent;

/// An event of the log. Payload and metadata are the bytes as they were stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Its place in the log.
    pub position: Position,
    /// Its id.
    pub event_id: EventId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// What its stream is about.
    pub aggregate_type: String,
    /// Which one.
    pub aggregate_id: String,
    /// Its place in the stream, from 1.
    pub sequence: Version,
    /// What happened.
    pub event_type: String,
    /// The version of the payload.
    pub event_version: String,
    /// The fact, as JSON.
    pub payload: String,
    /// The circumstances, as JSON.
    pub metadata: String,
    /// The command that it came from.
    pub command_id: CommandId,
    /// When it was appended, by Postgres' clock.
    pub recorded_at: DateTime<Utc>,
}

/// An event that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// What happened, in its current version.
    pub event: Event,
    /// The circumstances.
    pub metadata: Metadata,
}

impl RecordedEvent {
    /// Reads payload and metadata; old versions through the upcasters.
    pub fn decode(&self, upcasters: &Upcasters) -> Result<Decoded, UnreadableEvent> {
        Ok(Decoded { event: self.decode_event(upcasters)?, metadata: self.decode_metadata()? })
    }

    /// Reads the circumstances alone.
    pub fn decode_metadata(&self) -> Result<Metadata, UnreadableEvent> {
        serde_json::from_str(&self.metadata).map_err(|source| UnreadableEvent::Payload {
            event_type: format!("{}'s metadata", self.event_type),
            source,
        })
    }

    /// Reads the payload alone.
    pub fn decode_event(&self, upcasters: &Upcasters) -> Result<Event, UnreadableEvent> {
        decode(&self.aggregate_type, &self.event_type, &self.event_version, &self.payload, upcasters)
    }
}

/// An event as it is written to a stream and read back: what ties a `cqrs_es` aggregate's events
/// to the log's form, in which the type stands beside the payload.
pub trait StoredEvent: cqrs_es::DomainEvent {
    /// The type's name.
    fn name(&self) -> &'static str;
    /// The version that is written today.
    fn version(&self) -> &'static str;
    /// The payload as JSON.
    fn encode(&self) -> serde_json::Result<String>;
    /// From any event. `None` if it is of another kind of aggregate.
    fn of(event: Event) -> Option<Self>;

    /// As a new event for the log.
    fn to_new(&self, event_id: EventId, metadata: Arc<str>) -> serde_json::Result<NewEvent> {
        Ok(NewEvent {
            event_id,
            event_type: self.name(),
            event_version: self.version(),
            payload: self.encode()?,
            metadata,
        })
    }
}

/// An event in a stream where it can't be: one of another kind of aggregate.
pub(crate) fn misplaced(event_type: &str) -> UnreadableEvent {
    UnreadableEvent::EventType(event_type.to_owned())
}

macro_rules! stored_event {
    ($($event:ty = $variant:path),+) => {$(
        impl StoredEvent for $event {
            fn name(&self) -> &'static str {
                <$event>::name(self)
            }

            fn version(&self) -> &'static str {
                <$event>::version(self)
            }

            fn encode(&self) -> serde_json::Result<String> {
                <$event>::encode(self)
            }

            fn of(event: Event) -> Option<Self> {
                match event {
                    $variant(event) => Some(event),
                    _ => None,
                }
            }
        }
    )+};
}

stored_event!(
    TicketEvent = Event::Ticket,
    TenantEvent = Event::Tenant,
    SlaEvent = Event::Sla,
    ExportEvent = Event::Export
);
