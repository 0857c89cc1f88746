//! The list of tickets as a file.

use domain::identity::Principal;

use super::candidates::Found;
use super::{ListTickets, next};
use crate::error::QueryError;
use crate::export::{Column, Exported, declare, open};
use crate::http::ticket::row::COLUMNS;
use crate::http::ticket::view::TicketView;
use crate::snapshot::Snapshot;

impl Exported for ListTickets {
    const NAME: &'static str = "tickets";
    type View = TicketView;

    fn columns(caller: &Principal) -> Vec<Column<TicketView>> {
        TicketView::columns(caller)
    }

    async fn begin(&mut self, snapshot: &mut Snapshot, caller: &Principal) -> Result<(), QueryError> {
        let found = Found::look(snapshot, caller, &self.filter).await?;
        let mut sql = declare();
        sql.push(COLUMNS);
        self.push(&found, caller, &mut sql);
        self.sort.push_order(&mut sql);
        Ok(open(snapshot, sql).await?)
    }

    async fn next(
        &mut self,
        snapshot: &mut Snapshot,
        caller: &Principal,
    ) -> Result<Vec<TicketView>, QueryError> {
        next(snapshot, caller).await
    }
}
