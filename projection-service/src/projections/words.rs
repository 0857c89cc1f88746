//! Events' values as columns hold them, and which events customers may know of.

use domain::ticket::event::{Routing, Source, TicketEvent};

/// An id, or whatever else shows itself as text.
pub(super) fn text(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

pub(super) fn source(source: Source) -> &'static str {
    match source {
        Source::Portal => "portal",
        Source::Web => "web",
        Source::Widget => "widget",
        Source::Email => "email",
        Source::Chat => "chat",
        Source::Phone => "phone",
        Source::Api => "api",
        Source::Webhook => "webhook",
        Source::Manual => "manual",
        Source::Import => "import",
    }
}

pub(super) fn routing(routing: Routing) -> &'static str {
    match routing {
        Routing::Internal => "internal",
        Routing::Organization => "organization",
        Routing::Hybrid => "hybrid",
    }
}

/// Never for a customer's eyes: what happens to notes, and how staff treat the ticket among themselves.
pub(super) fn is_internal(event: &TicketEvent) -> bool {
    match event {
        TicketEvent::NoteAdded(_)
        | TicketEvent::TicketEscalated(_)
        | TicketEvent::TicketMarkedSpam(_)
        | TicketEvent::TicketUnmarkedSpam(_)
        | TicketEvent::TicketDeleted(_)
        | TicketEvent::TicketRestored(_) => true,
        TicketEvent::MessageEdited(event) => event.internal,
        TicketEvent::MessageRedacted(event) => event.internal,
        TicketEvent::MessageRead(event) => event.internal,
        _ => false,
    }
}
