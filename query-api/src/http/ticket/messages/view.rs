//! A message as an answer shows it.

mod columns;

use domain::disclosure::may_read;
use domain::identity::Principal;
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::beside::{Beside, FormerText, Reading};
use crate::http::person::Person;
use crate::time::Time;

/// The columns of `read.messages AS m`, in the order of [`MessageRow`].
pub(super) const COLUMNS: &str = "m.id, m.kind, m.author_id, m.author_kind, m.author_name, m.body, m.html, \
    m.attachments, m.canned_response, m.mentions, m.created_at, m.edited_at, m.edited_by, m.edited_by_name, \
    m.edits, m.redacted, m.redacted_at, m.redacted_by, m.redaction_reason, m.position";

#[derive(Debug, sqlx::FromRow)]
pub(super) struct MessageRow {
    pub(super) id: Uuid,
    kind: String,
    author_id: String,
    author_kind: String,
    author_name: Option<String>,
    body: String,
    html: Option<String>,
    attachments: Json<Value>,
    canned_response: Option<String>,
    mentions: Vec<String>,
    created_at: Time,
    edited_at: Option<Time>,
    edited_by: Option<String>,
    edited_by_name: Option<String>,
    pub(super) edits: i32,
    redacted: bool,
    redacted_at: Option<Time>,
    redacted_by: Option<String>,
    redaction_reason: Option<String>,
    pub(super) position: i64,
}

/// A reply or a note.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub(crate) struct MessageView {
    /// Its id (UUIDv7).
    id: Uuid,
    /// comment: a public reply; note: internal.
    #[schema(example = "comment")]
    r#type: String,
    /// It is a note: for those with `notes.read` alone.
    #[schema(example = false)]
    internal: bool,
    /// Who wrote it.
    author: Person,
    /// The text; empty once redacted.
    #[schema(example = "I'm on my way.")]
    body: String,
    /// The text with its markup, made safe.
    html: Option<String>,
    /// Its files: id, name, content_type, size; none once redacted.
    #[schema(value_type = Vec<Object>)]
    attachments: Value,
    /// When it was written.
    created_at: Time,
    /// When its text was changed last.
    edited_at: Option<Time>,
    /// Who changed it.
    edited_by: Option<String>,
    /// That person's name.
    edited_by_name: Option<String>,
    /// How often it was changed.
    #[schema(example = 0)]
    edits: i32,
    /// Its text was taken out of sight.
    #[schema(example = false)]
    redacted: bool,
    /// When.
    redacted_at: Option<Time>,
    /// Who has read it, and when first.
    read_by: Vec<Reading>,
    /// The position of the event that added it.
    #[schema(example = 4711)]
    position: i64,
    /// Former texts, the oldest first; for staff, and empty once redacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    former: Option<Vec<FormerText>>,
    /// The canned response that it was made from; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    canned_response: Option<String>,
    /// Members who are named in a note.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<String>,
    /// Who took the text out of sight; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    redacted_by: Option<String>,
    /// Why; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    redaction_reason: Option<String>,
}

impl MessageView {
    pub(super) fn new(row: MessageRow, beside: &mut Beside, caller: &Principal) -> Self {
        let staff = caller.is_staff();
        let canned =
            may_read(caller, &row.author_id, domain::ticket::event::ReplyAdded::NAME, "canned_response");
        let redactor = row.redacted_by.as_deref().unwrap_or_default();
        let redaction = may_read(caller, redactor, domain::ticket::event::MessageRedacted::NAME, "reason");
        Self {
            id: row.id,
            internal: row.kind == "note",
            r#type: row.kind,
            author: Person { id: row.author_id, kind: row.author_kind, name: row.author_name },
            body: row.body,
            html: row.html,
            attachments: row.attachments.0,
            created_at: row.created_at,
            edited_at: row.edited_at,
            edited_by: row.edited_by,
            edited_by_name: row.edited_by_name,
            edits: row.edits,
            redacted: row.redacted,
            redacted_at: row.redacted_at,
            read_by: beside.readings(row.id),
            position: row.position,
            former: staff.then(|| beside.former(row.id)),
            canned_response: row.canned_response.filter(|_| canned),
            mentions: if staff { row.mentions } else { Vec::new() },
            redacted_by: row.redacted_by.filter(|_| staff),
            redaction_reason: row.redaction_reason.filter(|_| redaction),
        }
    }
}
