//! What was said: replies and notes as they stand, their former texts, who read them, their files.

mod fold;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ticket::event::TicketEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Projection, Sql, sql};
use crate::entry::Fact;
use crate::lane::Lane;
use crate::row::{self, Json, TextArray, Working, row};

row! {
    /// A reply or a note.
    Message in "messages"
    key { id: Uuid }
    once {
        author_name: Option<String>,
        canned_response: Option<String>,
        mentions: TextArray,
    }
    value {
        tenant_id: Uuid,
        ticket_id: Uuid,
        kind: String,
        author_id: String,
        author_kind: String,
        body: String,
        html: Option<String>,
        attachments: Json<Vec<serde_json::Value>>,
        created_at: DateTime<Utc>,
        edited_at: Option<DateTime<Utc>>,
        edited_by: Option<String>,
        edited_by_name: Option<String>,
        edits: i32,
        redacted: bool,
        redacted_at: Option<DateTime<Utc>>,
        redacted_by: Option<String>,
        redaction_reason: Option<String>,
        position: i64,
        changed_position: i64,
    }
}

row! {
    /// A text that a message had before.
    Edit in "message_edits"
    key { position: i64 }
    once {
        tenant_id: Uuid,
        ticket_id: Uuid,
        message_id: Uuid,
        former_body: String,
        former_html: Option<String>,
        edited_at: DateTime<Utc>,
        edited_by: String,
        edited_by_name: Option<String>,
    }
    value {}
}

row! {
    /// That somebody has read a message.
    Receipt in "message_reads"
    key { message_id: Uuid }
    once {
        reader: String,
        tenant_id: Uuid,
        ticket_id: Uuid,
        reader_kind: String,
        internal: bool,
        read_at: DateTime<Utc>,
        position: i64,
    }
    value {}
}

row! {
    /// A file of a message.
    Attachment in "attachments"
    key { tenant_id: Uuid, ticket_id: Uuid, position: i64, ordinal: i16 }
    once {
        id: Uuid,
        message_id: Uuid,
        name: String,
        content_type: String,
        size: i64,
        internal: bool,
        created_at: DateTime<Utc>,
    }
    value {}
}

/// The conversation.
pub(super) struct Conversation;

/// What a batch adds besides messages.
#[derive(Default)]
struct Added {
    edits: Vec<Edit>,
    reads: Vec<Receipt>,
    attachments: Vec<Attachment>,
    /// Messages redacted, with their tickets.
    redacted: Vec<(Uuid, Uuid)>,
}

#[async_trait]
impl Projection for Conversation {
    fn name(&self) -> &'static str {
        "conversation"
    }

    fn version(&self) -> i32 {
        2
    }

    fn sql(&self) -> Sql {
        sql!("conversation_v2")
    }

    fn tables(&self) -> &'static [&'static str] {
        &["messages", "message_edits", "message_reads", "attachments"]
    }

    fn views(&self) -> &'static [&'static str] {
        &["messages", "message_edits", "message_reads", "attachments"]
    }

    fn lane(&self) -> Lane {
        Lane::Interactive
    }

    fn concerns(&self, fact: &Fact<'_>) -> bool {
        fact.ticket().is_some_and(|(_, event)| {
            matches!(
                event,
                TicketEvent::ReplyAdded(_)
                    | TicketEvent::NoteAdded(_)
                    | TicketEvent::MessageEdited(_)
                    | TicketEvent::MessageRedacted(_)
                    | TicketEvent::MessageRead(_)
            )
        })
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<(), sqlx::Error> {
        let changed = facts.iter().filter_map(Fact::ticket).filter_map(|(_, event)| match event {
            TicketEvent::MessageEdited(event) => Some(event.message_id.0),
            TicketEvent::MessageRedacted(event) => Some(event.message_id.0),
            _ => None,
        });
        let mut messages = Working::load(db, changed.collect(), |message: &Message| message.id).await?;
        let mut added = Added::default();
        for fact in facts {
            fold::apply(&mut messages, &mut added, fact);
        }
        messages.write(db).await?;
        // Before this batch's edits are added: of those, the fold knows which came before a redaction.
        empty_former_texts(db, &added.redacted).await?;
        remove_files(db, &added.redacted).await?;
        row::insert(db, added.edits.iter()).await?;
        row::insert(db, added.reads.iter()).await?;
        row::insert(db, added.attachments.iter()).await
    }
}

/// What a redacted message said before must be out of sight too.
async fn empty_former_texts(db: &mut PgConnection, redacted: &[(Uuid, Uuid)]) -> Result<(), sqlx::Error> {
    if redacted.is_empty() {
        return Ok(());
    }
    let messages: Vec<Uuid> = redacted.iter().map(|(message, _)| *message).collect();
    sqlx::query!(
        "UPDATE message_edits SET former_body = '', former_html = NULL WHERE message_id = ANY($1)",
        &messages,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Its files too: their names say as much as a text.
async fn remove_files(db: &mut PgConnection, redacted: &[(Uuid, Uuid)]) -> Result<(), sqlx::Error> {
    if redacted.is_empty() {
        return Ok(());
    }
    let (messages, tickets): (Vec<Uuid>, Vec<Uuid>) = redacted.iter().copied().unzip();
    sqlx::query!(
        "DELETE FROM attachments AS f USING unnest($1::uuid[], $2::uuid[]) AS r (message_id, ticket_id) \
         WHERE f.tenant_id = (SELECT m.tenant_id FROM messages AS m WHERE m.id = r.message_id) \
           AND f.ticket_id = r.ticket_id AND f.message_id = r.message_id",
        &messages,
        &tickets,
    )
    .execute(db)
    .await?;
    Ok(())
}
