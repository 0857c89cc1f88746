//! Events' values as columns hold them.

use domain::ticket::event::Routing;

/// An id, or whatever else shows itself as text.
pub(super) fn text(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

pub(super) fn routing(routing: Routing) -> &'static str {
    match routing {
        Routing::Internal => "internal",
        Routing::Organization => "organization",
        Routing::Hybrid => "hybrid",
    }
}
