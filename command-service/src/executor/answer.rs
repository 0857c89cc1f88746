//! What an accepted command is answered.

use domain::ids::{MessageId, Position, Version};
use domain::sla::commands::ImportReport;
use event_store::{Outcome, StoredAnswer};
use serde::{Deserialize, Serialize};

/// What an accepted command is answered. Its events are durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The ticket; of policies and calendars, the key of the one that it was about.
    pub id: String,
    /// Its version now, as the caller counts: see [`Extra::public`].
    pub version: Version,
    /// The position of the command's last event, or of the log's head if there was nothing to do.
    pub position: Position,
    /// The HTTP status: 201 if something was made, else 200.
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
    /// The policy's or calendar's key, where it was about one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How the ticket stands to the customers' side, where one of them asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<PublicStanding>,
    /// What came of a file of holidays, where one was taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holidays: Option<ImportReport>,
}

/// How a ticket stands as far as customers may know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicStanding {
    /// How many of its events they may know of.
    pub version: Version,
    /// The position of the last of those, where the command itself made none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// What a command is answered once it is accepted, but for where it stands in the log.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) extra: Extra,
}

impl Reply {
    /// Something was made.
    pub(super) fn created(extra: Extra) -> Self {
        Self { status: 201, extra }
    }

    /// It is done, or there was nothing to do.
    pub(super) fn done(extra: Extra) -> Self {
        Self { status: 200, extra }
    }

    /// The answer. `stream` is the stream's id.
    pub(super) fn answer(self, stream: String, version: Version, position: Position) -> Answer {
        let Self { status, extra } = self;
        let id = extra.key.clone().unwrap_or(stream);
        let version = extra.public.map_or(version, |public| public.version);
        Answer { id, version, position, status, extra, replayed: false }
    }
}

/// An answer that was given before.
impl From<StoredAnswer> for Answer {
    fn from(stored: StoredAnswer) -> Self {
        let StoredAnswer { aggregate_id, version, position, status, answer, .. } = stored;
        let extra = serde_json::from_value(answer).unwrap_or_default();
        Self { replayed: true, ..Reply { status, extra }.answer(aggregate_id, version, position) }
    }
}

impl Answer {
    /// The position that the caller may know of: of the command's last event, else of the ticket's.
    pub(crate) fn known_position(&self) -> Position {
        self.extra.public.and_then(|public| public.position).unwrap_or(self.position)
    }

    /// The answer that the log found while appending; `None` for the outcomes that are none.
    pub(super) fn replayed(outcome: Outcome) -> Option<Self> {
        let Outcome::Replayed { aggregate_id, version, position, status, answer } = outcome else {
            return None;
        };
        let extra = serde_json::from_value(answer).unwrap_or_default();
        Some(Self { replayed: true, ..Reply { status, extra }.answer(aggregate_id, version, position) })
    }
}
