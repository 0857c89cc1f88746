//! One command's append: what is asked, and what the log answers.

pub(crate) mod batch;
pub(crate) mod outcome;
pub(crate) mod writer;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ids::{CommandId, EventId, Position, TenantId, UserId, Version};

/// The events of one command, to be appended to one stream, all or none.
#[derive(Clone, Debug)]
pub struct Append {
    /// The tenant that the stream belongs to.
    pub tenant: TenantId,
    /// What the stream is about: `ticket`, `tenant`.
    pub aggregate_type: &'static str,
    /// Which one.
    pub aggregate_id: String,
    /// The version that the command was decided on; 0 for a new stream.
    pub expected: Version,
    /// What happened. Empty if there was nothing to do: then the version is checked and the
    /// idempotency key recorded, and nothing else.
    pub events: Vec<NewEvent>,
    /// The execution of the command.
    pub command_id: CommandId,
    /// Makes a retry return the first answer.
    pub idempotency: Option<Idempotency>,
    /// What must be nobody else's, such as a ticket number.
    pub claims: Vec<Claim>,
}

/// An event to be appended.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Its id (UUIDv7).
    pub event_id: EventId,
    /// Its type: `TicketOpened`.
    pub event_type: &'static str,
    /// The version of its payload.
    pub event_version: &'static str,
    /// The fact, as JSON, without its type.
    pub payload: String,
    /// [`domain::metadata::Metadata`] as JSON, shared by the events of a command.
    pub metadata: Arc<str>,
}

/// A client's key for a command, unique per tenant and user, kept for 24 hours at least.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// Whose key.
    pub user: UserId,
    /// The key.
    pub key: String,
    /// SHA-256 of the request, to tell a retry from another request with the same key.
    pub request_hash: [u8; 32],
    /// What a retry is to be answered beside id, version and position.
    pub answer: serde_json::Value,
    /// The HTTP status of the answer.
    pub status: u16,
}

/// A value that one aggregate of the tenant has to itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// What kind of value: `ticket_number`.
    pub kind: &'static str,
    /// The value.
    pub value: String,
}

/// What became of one command's append. Committed and durable when it is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was appended.
    Appended {
        /// The stream's version now.
        version: Version,
        /// The position of the last event; of the log's head if there were no events.
        position: Position,
        /// When.
        recorded_at: DateTime<Utc>,
    },
    /// The stream isn't at the expected version: load it again, and decide again.
    Conflict {
        /// The version that it is at.
        actual: Version,
    },
    /// This request was carried out before; here is its answer.
    Replayed {
        /// The aggregate that it was about.
        aggregate_id: String,
        /// The version after it.
        version: Version,
        /// The position of its last event.
        position: Position,
        /// The status that it was answered with.
        status: u16,
        /// The rest of the answer.
        answer: serde_json::Value,
    },
    /// The key was used before, for another request.
    KeyReused,
    /// Somebody else has what was claimed.
    ClaimTaken {
        /// The kind of the claim.
        kind: String,
        /// The value.
        value: String,
        /// Who has it.
        holder: String,
    },
}
