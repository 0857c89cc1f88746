//! Entries of the log, read once for all projections.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::ids::Position;
use domain::metadata::{Actor, Metadata};
use domain::ticket::event::TicketEvent;
use domain::ticket::upcast::Upcasters;
use event_store::RecordedEvent;
use uuid::Uuid;

/// An entry of the log with its content, if that can be read.
pub(crate) struct LogEntry {
    /// The envelope; payload and metadata are let go once they are read.
    pub(crate) envelope: RecordedEvent,
    /// What it says, or why that can't be read.
    pub(crate) content: Result<Content, String>,
}

/// What an entry says.
pub(crate) struct Content {
    pub(crate) event: Event,
    pub(crate) metadata: Metadata,
    /// The aggregate's id, where it is a UUID: a ticket's always is.
    pub(crate) id: Uuid,
}

/// A stretch of the log without gaps, shared by all that apply it.
pub(crate) type Batch = Arc<[LogEntry]>;

impl LogEntry {
    /// Reads an event.
    pub(crate) fn read(recorded: &RecordedEvent, upcasters: &Upcasters) -> Self {
        let content = recorded.decode(upcasters).map_err(|error| error.to_string()).and_then(|decoded| {
            let id = recorded.aggregate_id.parse();
            Ok(Content {
                event: decoded.event,
                metadata: decoded.metadata,
                id: id.map_err(|_| "the aggregate's id is no UUID".to_owned())?,
            })
        });
        let envelope = RecordedEvent {
            aggregate_type: recorded.aggregate_type.clone(),
            aggregate_id: recorded.aggregate_id.clone(),
            event_type: recorded.event_type.clone(),
            event_version: recorded.event_version.clone(),
            payload: String::new(),
            metadata: String::new(),
            ..*recorded
        };
        Self { envelope, content }
    }

    /// Its place in the log.
    pub(crate) fn position(&self) -> Position {
        self.envelope.position
    }

    /// The stream that it belongs to.
    pub(crate) fn stream(&self) -> (&str, &str) {
        (&self.envelope.aggregate_type, &self.envelope.aggregate_id)
    }

    /// The trace of the request that it came from (the second part of a W3C traceparent).
    pub(crate) fn trace_id(&self) -> &str {
        let parent = self.content.as_ref().ok().and_then(|content| content.metadata.traceparent.as_deref());
        parent.and_then(|parent| parent.split('-').nth(1)).unwrap_or_default()
    }
}

/// An entry whose content could be read: what projections fold.
#[derive(Clone, Copy)]
pub(crate) struct Fact<'a> {
    pub(crate) entry: &'a LogEntry,
    pub(crate) content: &'a Content,
}

impl<'a> Fact<'a> {
    /// The fact, unless it can't be read.
    pub(crate) fn of(entry: &'a LogEntry) -> Result<Self, &'a str> {
        match &entry.content {
            Ok(content) => Ok(Self { entry, content }),
            Err(error) => Err(error),
        }
    }

    /// The ticket that it is about, and what happened to it.
    pub(crate) fn ticket(&self) -> Option<(Uuid, &'a TicketEvent)> {
        match &self.content.event {
            Event::Ticket(event) => Some((self.content.id, event)),
            Event::Tenant(_) | Event::Sla(_) | Event::Export(_) => None,
        }
    }

    /// Whose it is.
    pub(crate) fn tenant(&self) -> Uuid {
        self.entry.envelope.tenant_id.0
    }

    /// Its place in the log, as columns hold it.
    pub(crate) fn position(&self) -> i64 {
        self.entry.envelope.position.0
    }

    /// The version that it brings its aggregate to.
    pub(crate) fn version(&self) -> i64 {
        self.entry.envelope.sequence.0
    }

    /// When it happened.
    pub(crate) fn occurred_at(&self) -> DateTime<Utc> {
        self.content.metadata.occurred_at
    }

    /// Who did it.
    pub(crate) fn actor(&self) -> &'a Actor {
        &self.content.metadata.actor
    }
}

/// The tickets among the facts that have rows from before this batch: those that are not opened in it.
pub(crate) fn known_tickets(facts: &[Fact<'_>]) -> Vec<Uuid> {
    let opened: std::collections::HashSet<Uuid> = facts
        .iter()
        .filter_map(Fact::ticket)
        .filter_map(|(id, event)| matches!(event, TicketEvent::TicketOpened(_)).then_some(id))
        .collect();
    facts.iter().filter_map(Fact::ticket).map(|(id, _)| id).filter(|id| !opened.contains(id)).collect()
}
