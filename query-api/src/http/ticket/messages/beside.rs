//! What stands beside the messages of a page: who has read them, and what they said before.

use std::collections::HashMap;

use domain::identity::Principal;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::MessageRow;
use crate::snapshot::Snapshot;
use crate::time::Time;

/// Somebody has read a message.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Reading {
    /// Who.
    #[schema(example = "carla")]
    reader: String,
    /// When first.
    read_at: Time,
}

/// What a message said before.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FormerText {
    /// The text.
    body: String,
    /// The text with its markup.
    html: Option<String>,
    /// When it gave way to the next.
    edited_at: Time,
    /// Who changed it.
    #[schema(example = "amir")]
    edited_by: String,
}

/// By message.
#[derive(Default)]
pub(super) struct Beside {
    readings: HashMap<Uuid, Vec<Reading>>,
    former: HashMap<Uuid, Vec<FormerText>>,
}

impl Beside {
    pub(super) async fn read(
        snapshot: &mut Snapshot,
        caller: &Principal,
        messages: &[MessageRow],
    ) -> Result<Self, sqlx::Error> {
        let mut beside = Self::default();
        let ids: Vec<Uuid> = messages.iter().map(|message| message.id).collect();
        if !ids.is_empty() {
            beside.read_readings(snapshot, ids).await?;
        }
        let edited: Vec<Uuid> =
            messages.iter().filter(|message| message.edits > 0).map(|message| message.id).collect();
        if caller.is_staff() && !edited.is_empty() {
            beside.read_former(snapshot, edited).await?;
        }
        Ok(beside)
    }

    async fn read_readings(&mut self, snapshot: &mut Snapshot, ids: Vec<Uuid>) -> Result<(), sqlx::Error> {
        let rows = sqlx::query!(
            r#"SELECT message_id AS "message_id!", reader AS "reader!", read_at AS "read_at!: Time"
               FROM read.message_reads WHERE message_id = ANY($1) ORDER BY position, reader"#,
            &ids,
        )
        .fetch_all(&mut *snapshot.tx)
        .await?;
        for row in rows {
            let reading = Reading { reader: row.reader, read_at: row.read_at };
            self.readings.entry(row.message_id).or_default().push(reading);
        }
        Ok(())
    }

    async fn read_former(&mut self, snapshot: &mut Snapshot, ids: Vec<Uuid>) -> Result<(), sqlx::Error> {
        let rows = sqlx::query!(
            r#"SELECT message_id AS "message_id!", former_body AS "former_body!", former_html,
                      edited_at AS "edited_at!: Time", edited_by AS "edited_by!"
               FROM read.message_edits WHERE message_id = ANY($1) ORDER BY position"#,
            &ids,
        )
        .fetch_all(&mut *snapshot.tx)
        .await?;
        for row in rows {
            let text = FormerText {
                body: row.former_body,
                html: row.former_html,
                edited_at: row.edited_at,
                edited_by: row.edited_by,
            };
            self.former.entry(row.message_id).or_default().push(text);
        }
        Ok(())
    }

    pub(super) fn readings(&mut self, message: Uuid) -> Vec<Reading> {
        self.readings.remove(&message).unwrap_or_default()
    }

    pub(super) fn former(&mut self, message: Uuid) -> Vec<FormerText> {
        self.former.remove(&message).unwrap_or_default()
    }
}
