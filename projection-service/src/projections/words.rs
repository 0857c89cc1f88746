//! Events' values as columns hold them.

use domain::ticket::event::{Routing, Source};

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
