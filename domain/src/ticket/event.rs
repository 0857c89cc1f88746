//! What can happen to a ticket. Facts in the past tense, small, and for ever: a version that has
//! landed is never changed, only followed by a new version with an upcaster (`super::upcast`).

mod conversation;
mod lifecycle;
mod properties;
mod sla;

pub use conversation::*;
pub use lifecycle::*;
pub use properties::*;
pub use sla::*;

use crate::event::event_types;

event_types! {
    /// Everything that can happen to a ticket.
    #[expect(clippy::large_enum_variant, reason = "the large variants are the frequent ones")]
    TicketEvent {
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
        TicketEscalated = "2",
        TicketRouted = "1",
        TicketMarkedSpam = "1",
        TicketUnmarkedSpam = "1",
        TicketDeleted = "1",
        TicketRestored = "1",
        SlaWarned = "1",
        SlaBreached = "1",
    }
}
