//! What can happen to a ticket. Facts in the past tense, small, and for ever: a version that has
//! landed is never changed, only followed by a new version with an upcaster (`super::upcast`).

mod audience;
mod conversation;
mod lifecycle;
mod properties;

pub use conversation::*;
pub use lifecycle::*;
pub use properties::*;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! ticket_events {
    ($($name:ident = $version:literal),+ $(,)?) => {
        /// Everything that can happen to a ticket.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[expect(clippy::large_enum_variant, reason = "the large variants are the frequent ones")]
        pub enum TicketEvent {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)+
        }

        $(impl From<$name> for TicketEvent {
            fn from(event: $name) -> Self {
                Self::$name(event)
            }
        })+

        impl TicketEvent {
            /// Every type with its current version.
            pub const TYPES: &'static [(&'static str, &'static str)] =
                &[$((stringify!($name), $version)),+];

            /// The type's name, as it stands in the log and in subjects.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name),)+ }
            }

            /// The version that is written today.
            pub fn version(&self) -> &'static str {
                match self { $(Self::$name(_) => $version,)+ }
            }

            /// The payload as it is stored: the fact alone, without its type.
            pub fn encode(&self) -> serde_json::Result<String> {
                match self { $(Self::$name(event) => serde_json::to_string(event),)+ }
            }

            /// Reads a payload of the current version. `None` if the type is unknown.
            pub fn decode(name: &str, payload: &str) -> Option<serde_json::Result<Self>> {
                match name {
                    $(stringify!($name) => Some(serde_json::from_str(payload).map(Self::$name)),)+
                    _ => None,
                }
            }

            /// The JSON Schema of each type's payload.
            pub fn schemas() -> Vec<(&'static str, &'static str, schemars::Schema)> {
                vec![$((stringify!($name), $version, schemars::schema_for!($name))),+]
            }
        }
    };
}

ticket_events! {
    TicketOpened = "1",
    TicketAssigned = "1",
    TicketUnassigned = "1",
    ReplyAdded = "1",
    NoteAdded = "1",
    MessageEdited = "1",
    MessageRedacted = "1",
    MessageRead = "1",
    StatusChanged = "1",
    TicketResolved = "1",
    TicketClosed = "1",
    TicketReopened = "1",
    TicketCancelled = "1",
    TicketRated = "1",
    PriorityChanged = "1",
    CategoryChanged = "1",
    RequestTypeChanged = "1",
    SubjectChanged = "1",
    TagAdded = "1",
    TagRemoved = "1",
    CustomFieldsSet = "1",
    TicketEscalated = "1",
    TicketRouted = "1",
    TicketMarkedSpam = "1",
    TicketUnmarkedSpam = "1",
    TicketDeleted = "1",
    TicketRestored = "1",
}

impl cqrs_es::DomainEvent for TicketEvent {
    fn event_type(&self) -> String {
        self.name().to_owned()
    }

    fn event_version(&self) -> String {
        self.version().to_owned()
    }
}
