//! Replies, notes, and what becomes of them.

use crate::ids::{AttachmentId, MessageId, UserId};
use crate::personal::Personal;
use crate::stream::public::from_stored::public;
use crate::stream::public::metadata::Actor;
use crate::ticket::event as stored;

public! {
    /// A file that belongs to a message.
    struct Attachment from stored::Attachment {
        /// Its id.
        id: AttachmentId,
        /// The file's name.
        name: Personal<String>,
        /// Its media type.
        content_type: String,
        /// Its size in bytes.
        size: u64,
    }

    /// A public reply.
    struct ReplyAdded from stored::ReplyAdded {
        /// The message's id.
        message_id: MessageId,
        /// Who wrote it.
        author: Actor,
        /// The text.
        body: Personal<String>,
        /// The text with its markup, made safe.
        #[serde(skip_serializing_if = "Option::is_none")]
        html: Option<Personal<String>>,
        /// Files.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
        /// The canned response that it was made from.
        #[serde(skip_serializing_if = "Option::is_none")]
        canned_response: Option<String>,
        /// It is the first public reply of an agent on this ticket.
        #[serde(default)]
        first_response: bool,
    }

    /// An internal note: never for a customer's eyes.
    struct NoteAdded from stored::NoteAdded {
        /// The message's id.
        message_id: MessageId,
        /// Who wrote it.
        author: Actor,
        /// The text.
        body: Personal<String>,
        /// The text with its markup, made safe.
        #[serde(skip_serializing_if = "Option::is_none")]
        html: Option<Personal<String>>,
        /// Files.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
        /// Members who are named in it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<UserId>,
    }

    /// A message's text was changed by its author or a lead.
    struct MessageEdited from stored::MessageEdited {
        /// The message.
        message_id: MessageId,
        /// The message is an internal note.
        internal: bool,
        /// The text before.
        former_body: Personal<String>,
        /// The marked-up text before.
        #[serde(skip_serializing_if = "Option::is_none")]
        former_html: Option<Personal<String>>,
        /// The text now.
        body: Personal<String>,
        /// The marked-up text now.
        #[serde(skip_serializing_if = "Option::is_none")]
        html: Option<Personal<String>>,
    }

    /// A message's text was taken out of sight.
    struct MessageRedacted from stored::MessageRedacted {
        /// The message.
        message_id: MessageId,
        /// The message is an internal note.
        internal: bool,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }

    /// Somebody has read a message, for the first time.
    struct MessageRead from stored::MessageRead {
        /// The message.
        message_id: MessageId,
        /// The message is an internal note.
        internal: bool,
        /// Who.
        reader: UserId,
    }
}
