//! Whom an event is for.

use super::TicketEvent;

impl TicketEvent {
    /// Never for a customer's eyes: what happens to notes, and how staff treat the ticket among
    /// themselves. Read models, history, feeds and streams all go by this.
    pub fn is_internal(&self) -> bool {
        match self {
            Self::NoteAdded(_)
            | Self::TicketEscalated(_)
            | Self::TicketMarkedSpam(_)
            | Self::TicketUnmarkedSpam(_)
            | Self::TicketDeleted(_)
            | Self::TicketRestored(_)
            | Self::SlaWarned(_)
            | Self::SlaBreached(_) => true,
            Self::MessageEdited(event) => event.internal,
            Self::MessageRedacted(event) => event.internal,
            Self::MessageRead(event) => event.internal,
            _ => false,
        }
    }
}
