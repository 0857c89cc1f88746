//! Every type of event that is published: its version, and the stored versions that are published as they stand.

use schemars::{Schema, SchemaGenerator, schema_for};

use super::export::*;
use super::from_stored::FromStored;
use super::sla::*;
use super::tenant::*;
use super::ticket::*;
use crate::event::{EXPORT, Event, SLA, TENANT, TICKET};
use crate::export::ExportEvent;
use crate::sla::event::SlaEvent;
use crate::tenant::TenantEvent;
use crate::ticket::TicketEvent;

/// What is promised of a type of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contract {
    /// The kind of thing that it happens to.
    pub aggregate: &'static str,
    /// The type's name.
    pub name: &'static str,
    /// The version of the public form.
    pub version: &'static str,
    /// The URI by which `CloudEvents` name the form's schema (`dataschema`).
    pub uri: &'static str,
    /// The stored versions whose payload has the public form, byte for byte. The tests of the contracts hold
    /// each against the schemas and golden payloads.
    pub as_stored: &'static [&'static str],
}

macro_rules! public_events {
    ($($aggregate:ident, $kind:ident($stored:ident): {
        $($name:ident = $version:literal, as stored in $as_stored:expr;)+
    })+) => {
        /// An event in its public form.
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        pub enum PublicEvent {
            $($(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)+)+
        }

        $($(impl $name {
            /// What is promised of it.
            pub const CONTRACT: Contract = Contract {
                aggregate: $aggregate,
                name: stringify!($name),
                version: $version,
                uri: concat!("urn:docket:schema:", stringify!($name), ":", $version),
                as_stored: &$as_stored,
            };
        })+)+

        /// Every type that is published.
        pub const CONTRACTS: &[Contract] = &[$($($name::CONTRACT,)+)+];

        impl Contract {
            /// That of a type of event. `None` if nobody here knows the type.
            pub fn of(aggregate_type: &str, event_type: &str) -> Option<&'static Self> {
                match aggregate_type {
                    $($aggregate => match event_type {
                        $(stringify!($name) => Some(&$name::CONTRACT),)+
                        _ => None,
                    },)+
                    _ => None,
                }
            }
        }

        impl PublicEvent {
            /// What the log says, as others are told.
            pub fn of(event: &Event) -> Self {
                match event {
                    $($(Event::$kind($stored::$name(stored)) => Self::$name(FromStored::from_stored(stored)),)+)+
                }
            }

            /// What is promised of it.
            pub fn contract(&self) -> &'static Contract {
                match self {
                    $($(Self::$name(_) => &$name::CONTRACT,)+)+
                }
            }
        }

        /// The schemas, each a document of its own.
        pub(super) fn documents() -> Vec<(&'static Contract, Schema)> {
            vec![$($((&$name::CONTRACT, schema_for!($name)),)+)+]
        }

        /// The schemas as parts of a document whose generator keeps the definitions.
        pub(in crate::stream) fn subschemas(generator: &mut SchemaGenerator) -> Vec<(&'static Contract, Schema)> {
            vec![$($((&$name::CONTRACT, generator.subschema_for::<$name>()),)+)+]
        }
    };
}

// A stored type that isn't here doesn't compile.
public_events! {
    TICKET, Ticket(TicketEvent): {
        TicketOpened = "1", as stored in ["1"];
        TicketAssigned = "1", as stored in ["1"];
        TicketUnassigned = "1", as stored in ["1"];
        ReplyAdded = "1", as stored in ["1"];
        NoteAdded = "1", as stored in ["1"];
        MessageEdited = "1", as stored in ["1"];
        MessageRedacted = "1", as stored in ["1"];
        MessageRead = "1", as stored in ["1"];
        StatusChanged = "1", as stored in ["1"];
        TicketResolved = "1", as stored in ["1"];
        TicketClosed = "1", as stored in ["1"];
        TicketReopened = "1", as stored in ["1"];
        TicketCancelled = "1", as stored in ["1"];
        TicketRated = "1", as stored in ["1"];
        PriorityChanged = "1", as stored in ["1"];
        CategoryChanged = "1", as stored in ["1"];
        RequestTypeChanged = "1", as stored in ["1"];
        SubjectChanged = "1", as stored in ["1"];
        TagAdded = "1", as stored in ["1"];
        TagRemoved = "1", as stored in ["1"];
        CustomFieldsSet = "1", as stored in ["1"];
        // What the second version added is optional.
        TicketEscalated = "2", as stored in ["1", "2"];
        TicketRouted = "1", as stored in ["1"];
        TicketMarkedSpam = "1", as stored in ["1"];
        TicketUnmarkedSpam = "1", as stored in ["1"];
        TicketDeleted = "1", as stored in ["1"];
        TicketRestored = "1", as stored in ["1"];
        SlaWarned = "1", as stored in ["1"];
        SlaBreached = "1", as stored in ["1"];
    }
    TENANT, Tenant(TenantEvent): {
        TenantCreated = "1", as stored in ["1"];
        // What is stored has these fields alone; others may be told of more one day.
        ReportingChanged = "1", as stored in [];
    }
    SLA, Sla(SlaEvent): {
        PolicyAdded = "1", as stored in ["1"];
        PolicyChanged = "1", as stored in ["1"];
        PolicyRemoved = "1", as stored in ["1"];
        PoliciesReordered = "1", as stored in ["1"];
        CalendarAdded = "1", as stored in ["1"];
        CalendarChanged = "1", as stored in ["1"];
        CalendarRemoved = "1", as stored in ["1"];
        AutoCloseChanged = "1", as stored in ["1"];
    }
    EXPORT, Export(ExportEvent): {
        DataExported = "1", as stored in ["1"];
    }
}
