//! Any event of the log, whatever it is about.

mod types;

pub(crate) use types::event_types;

use std::borrow::Cow;

use crate::export::ExportEvent;
use crate::sla::event::SlaEvent;
use crate::tenant::TenantEvent;
use crate::ticket::TicketEvent;
use crate::ticket::upcast::Upcasters;

/// The aggregate type of tickets, as it stands in the log and in subjects.
pub const TICKET: &str = "ticket";
/// The aggregate type of tenants.
pub const TENANT: &str = "tenant";

/// The aggregate type of a tenant's policies and calendars; its id is the tenant's.
pub const SLA: &str = "sla";

/// The aggregate type of exports.
pub const EXPORT: &str = "export";

/// An event that was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Of a ticket.
    Ticket(TicketEvent),
    /// Of a tenant.
    Tenant(TenantEvent),
    /// Of a tenant's policies and calendars.
    Sla(SlaEvent),
    /// Of an export.
    Export(ExportEvent),
}

impl Event {
    /// The type's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ticket(event) => event.name(),
            Self::Tenant(event) => event.name(),
            Self::Sla(event) => event.name(),
            Self::Export(event) => event.name(),
        }
    }

    /// The payload as it is stored.
    pub fn encode(&self) -> serde_json::Result<String> {
        match self {
            Self::Ticket(event) => event.encode(),
            Self::Tenant(event) => event.encode(),
            Self::Sla(event) => event.encode(),
            Self::Export(event) => event.encode(),
        }
    }
}

/// Why an event can't be read. Its aggregate is parked until somebody sees to it.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEvent {
    /// Nothing here is of this aggregate type.
    #[error("unknown aggregate type {0:?}")]
    AggregateType(String),
    /// Nothing of this type can happen to such an aggregate.
    #[error("unknown event type {0:?}")]
    EventType(String),
    /// The version is newer than this program, or so old that nobody knows the way up.
    #[error("{event_type} has version {found:?}; this program reads up to {known}")]
    Version {
        /// The event's type.
        event_type: String,
        /// The version that it bears.
        found: String,
        /// The version that is written today.
        known: &'static str,
    },
    /// The payload isn't what its type and version promise.
    #[error("the payload of a {event_type} can't be read")]
    Payload {
        /// The event's type.
        event_type: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

/// Reads an event as the log keeps it, of whatever version.
pub fn decode(
    aggregate_type: &str,
    event_type: &str,
    event_version: &str,
    payload: &str,
    upcasters: &Upcasters,
) -> Result<Event, UnreadableEvent> {
    let types = match aggregate_type {
        TICKET => TicketEvent::TYPES,
        TENANT => TenantEvent::TYPES,
        SLA => SlaEvent::TYPES,
        EXPORT => ExportEvent::TYPES,
        other => return Err(UnreadableEvent::AggregateType(other.to_owned())),
    };
    let unknown = || UnreadableEvent::EventType(event_type.to_owned());
    let (_, current) = types.iter().find(|(name, _)| *name == event_type).ok_or_else(unknown)?;
    let payload = present_form(event_type, event_version, current, payload, upcasters)?;
    let read = match aggregate_type {
        TICKET => TicketEvent::decode(event_type, &payload).map(|read| read.map(Event::Ticket)),
        TENANT => TenantEvent::decode(event_type, &payload).map(|read| read.map(Event::Tenant)),
        EXPORT => ExportEvent::decode(event_type, &payload).map(|read| read.map(Event::Export)),
        _ => SlaEvent::decode(event_type, &payload).map(|read| read.map(Event::Sla)),
    };
    read.ok_or_else(unknown)?.map_err(|source| unreadable(event_type, source))
}

/// The payload in the form of the current version; as it stands, if it has that already.
fn present_form<'a>(
    event_type: &str,
    found: &str,
    current: &'static str,
    payload: &'a str,
    upcasters: &Upcasters,
) -> Result<Cow<'a, str>, UnreadableEvent> {
    if found == current {
        return Ok(Cow::Borrowed(payload));
    }
    let value = serde_json::from_str(payload).map_err(|source| unreadable(event_type, source))?;
    let Some(value) = upcasters.lift(event_type, found, current, value) else {
        return Err(UnreadableEvent::Version {
            event_type: event_type.to_owned(),
            found: found.to_owned(),
            known: current,
        });
    };
    Ok(Cow::Owned(value.to_string()))
}

fn unreadable(event_type: &str, source: serde_json::Error) -> UnreadableEvent {
    UnreadableEvent::Payload { event_type: event_type.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_says_why() {
        let read = |aggregate, event, version, payload| {
            decode(aggregate, event, version, payload, &Upcasters::default())
        };
        assert!(read(TICKET, "TagAdded", "1", r#"{"tag":"vip"}"#).is_ok());
        for (answer, says) in [
            (read("planet", "TagAdded", "1", "{}"), "unknown aggregate type \"planet\""),
            (read(TICKET, "TicketFlown", "1", "{}"), "unknown event type \"TicketFlown\""),
            (read(TICKET, "TagAdded", "9", "{}"), "TagAdded has version \"9\"; this program reads up to 1"),
            (read(TICKET, "TagAdded", "1", "{}"), "the payload of a TagAdded can't be read"),
            (read(TICKET, "TagAdded", "0", "{"), "the payload of a TagAdded can't be read"),
        ] {
            assert_eq!(answer.unwrap_err().to_string(), says);
        }
    }
}
