//! The conversation as a file.

use domain::identity::Principal;

use super::beside::Beside;
use super::push_from;
use super::view::{self, MessageRow, MessageView};
use crate::error::QueryError;
use crate::export::{Column, Exported, declare, open, read};
use crate::http::ticket::{Reference, find};
use crate::snapshot::Snapshot;

/// All of a ticket's.
pub(super) struct Whole {
    pub(super) reference: Reference,
}

impl Exported for Whole {
    const NAME: &'static str = "messages";
    type View = MessageView;

    fn columns(caller: &Principal) -> Vec<Column<MessageView>> {
        MessageView::columns(caller)
    }

    async fn begin(&mut self, snapshot: &mut Snapshot, caller: &Principal) -> Result<(), QueryError> {
        let ticket = find(snapshot, caller, &self.reference).await?.id;
        let mut sql = declare();
        sql.push(view::COLUMNS);
        push_from(&mut sql, caller, ticket);
        sql.push(" ORDER BY m.position, m.id");
        Ok(open(snapshot, sql).await?)
    }

    async fn next(
        &mut self,
        snapshot: &mut Snapshot,
        caller: &Principal,
    ) -> Result<Vec<MessageView>, QueryError> {
        let rows: Vec<MessageRow> = read(snapshot).await?;
        let mut beside = Beside::read(snapshot, caller, &rows).await?;
        Ok(rows.into_iter().map(|row| MessageView::new(row, &mut beside, caller)).collect())
    }
}
