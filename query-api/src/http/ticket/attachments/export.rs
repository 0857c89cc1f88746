//! The files of one ticket's messages, listed in a file.

use domain::identity::Principal;

use super::{AttachmentView, FIELDS, push_from};
use crate::error::QueryError;
use crate::export::{Column, Exported, declare, open, read};
use crate::http::ticket::{Reference, find};
use crate::snapshot::Snapshot;

/// All of a ticket's.
pub(super) struct Whole {
    pub(super) reference: Reference,
}

const COLUMNS: [Column<AttachmentView>; 8] = [
    ("id", |row, to| to.put(&row.id)),
    ("message_id", |row, to| to.put(&row.message_id)),
    ("name", |row, to| to.put(&row.name)),
    ("content_type", |row, to| to.put(&row.content_type)),
    ("size", |row, to| to.put(&row.size)),
    ("internal", |row, to| to.put(&row.internal)),
    ("created_at", |row, to| to.put(&row.created_at)),
    ("position", |row, to| to.put(&row.position)),
];

impl Exported for Whole {
    const NAME: &'static str = "attachments";
    type View = AttachmentView;

    fn columns(_: &Principal) -> Vec<Column<AttachmentView>> {
        COLUMNS.to_vec()
    }

    async fn begin(&mut self, snapshot: &mut Snapshot, caller: &Principal) -> Result<(), QueryError> {
        let ticket = find(snapshot, caller, &self.reference).await?.id;
        let mut sql = declare();
        sql.push(FIELDS);
        push_from(&mut sql, caller, ticket);
        sql.push(" ORDER BY f.position, f.ordinal");
        Ok(open(snapshot, sql).await?)
    }

    async fn next(
        &mut self,
        snapshot: &mut Snapshot,
        _: &Principal,
    ) -> Result<Vec<AttachmentView>, QueryError> {
        Ok(read(snapshot).await?)
    }
}
