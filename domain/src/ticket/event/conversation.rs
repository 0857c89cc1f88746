//! Replies, notes, and what becomes of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{AttachmentId, MessageId, UserId};
use crate::metadata::Actor;
use crate::personal::Personal;

/// A file that belongs to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// The file's name.
    pub name: Personal<String>,
    /// Its media type.
    pub content_type: String,
    /// Its size in bytes.
    pub size: u64,
}

/// A public reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReplyAdded {
    /// The message's id.
    pub message_id: MessageId,
    /// Who wrote it.
    pub author: Actor,
    /// The text.
    pub body: Personal<String>,
    /// The text with its markup, made safe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<Personal<String>>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The canned response that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canned_response: Option<String>,
    /// It is the first public reply of an agent on this ticket.
    #[serde(default)]
    pub first_response: bool,
}

/// An internal note: never for a customer's eyes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NoteAdded {
    /// The message's id.
    pub message_id: MessageId,
    /// Who wrote it.
    pub author: Actor,
    /// The text.
    pub body: Personal<String>,
    /// The text with its markup, made safe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<Personal<String>>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Members who are named in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
}

/// A message's text was changed by its author or a lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessageEdited {
    /// The message.
    pub message_id: MessageId,
    /// The message is an internal note.
    pub internal: bool,
    /// The text before.
    pub former_body: Personal<String>,
    /// The marked-up text before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_html: Option<Personal<String>>,
    /// The text now.
    pub body: Personal<String>,
    /// The marked-up text now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<Personal<String>>,
}

/// A message's text was taken out of sight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessageRedacted {
    /// The message.
    pub message_id: MessageId,
    /// The message is an internal note.
    pub internal: bool,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Somebody has read a message, for the first time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessageRead {
    /// The message.
    pub message_id: MessageId,
    /// The message is an internal note.
    pub internal: bool,
    /// Who.
    pub reader: UserId,
}
