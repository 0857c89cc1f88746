//! The circumstances, as they are published. What is stored goes out unread (`docket-metadata`), so these say
//! what that promises; a test holds the two together.

use chrono::{DateTime, Utc};

use super::from_stored::public;
use crate::ids::{EventId, UserId};
use crate::metadata as stored;
use crate::personal::Personal;

public! {
    /// On whose side somebody acts.
    enum ActorKind from stored::ActorKind {
        /// Somebody who asks for support.
        Customer,
        /// Somebody who gives it.
        Agent,
        /// Docket itself, or a machine.
        System,
    }
}

public! {
    /// Who did it.
    struct Actor from stored::Actor {
        /// The user's id.
        id: UserId,
        /// On whose side.
        kind: ActorKind,
        /// The name to show.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<Personal<String>>,
    }

    /// The metadata of an event.
    struct Metadata from stored::Metadata {
        /// Who did it.
        actor: Actor,
        /// When it happened. The log's `recorded_at` is when it was written down; the two differ for imports.
        occurred_at: DateTime<Utc>,
        /// The request's id, as the caller sees it.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        /// W3C Trace Context of the request, so that what follows from the event joins its trace.
        #[serde(skip_serializing_if = "Option::is_none")]
        traceparent: Option<String>,
        /// The address that the request came from.
        #[serde(skip_serializing_if = "Option::is_none")]
        ip: Option<Personal<String>>,
        /// The program that it came by.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_agent: Option<Personal<String>>,
        /// The event that made this one follow, for what processes do.
        #[serde(skip_serializing_if = "Option::is_none")]
        causation_id: Option<EventId>,
        /// The import that brought it, for history from elsewhere.
        #[serde(skip_serializing_if = "Option::is_none")]
        import: Option<String>,
    }
}
