//! What an accepted command is answered.

use domain::ids::{MessageId, Position, Version};
use domain::ticket::TicketEvent;
use event_store::{Outcome, StoredAnswer};
use serde::{Deserialize, Serialize};

/// What an accepted command is answered. Its events are durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The ticket.
    pub id: String,
    /// Its version now.
    pub version: Version,
    /// The position of the command's last event, or of the log's head if there was nothing to do.
    pub position: Position,
    /// The HTTP status: 201 if a ticket was opened, else 200.
    pub status: u16,
    /// What only some commands answer.
    pub extra: Extra,
    /// It was carried out before, under the same idempotency key.
    pub replayed: bool,
}

/// What only some commands answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extra {
    /// The ticket's number, when it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The message's id, when one was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
}

impl Extra {
    pub(super) fn of(events: &[TicketEvent]) -> Self {
        match events.first() {
            Some(TicketEvent::TicketOpened(event)) => {
                Self { number: Some(event.number.clone()), message_id: None }
            }
            Some(TicketEvent::ReplyAdded(event)) => Self { number: None, message_id: Some(event.message_id) },
            Some(TicketEvent::NoteAdded(event)) => Self { number: None, message_id: Some(event.message_id) },
            _ => Self::default(),
        }
    }

    pub(super) fn status(&self) -> u16 {
        if self.number.is_some() { 201 } else { 200 }
    }
}

/// An answer that was given before.
impl From<StoredAnswer> for Answer {
    fn from(stored: StoredAnswer) -> Self {
        Self {
            id: stored.aggregate_id,
            version: stored.version,
            position: stored.position,
            status: stored.status,
            extra: serde_json::from_value(stored.answer).unwrap_or_default(),
            replayed: true,
        }
    }
}

impl Answer {
    /// The answer that the log found while appending; `None` for the outcomes that are none.
    pub(super) fn replayed(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Replayed { aggregate_id, version, position, status, answer } => Some(Self {
                id: aggregate_id,
                version,
                position,
                status,
                extra: serde_json::from_value(answer).unwrap_or_default(),
                replayed: true,
            }),
            _ => None,
        }
    }
}
