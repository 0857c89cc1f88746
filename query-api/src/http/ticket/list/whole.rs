//! All tickets of a tenant, deleted ones and spam too, for those who run Docket.

use domain::identity::Principal;

use super::next;
use crate::error::QueryError;
use crate::export::{Column, Exported, declare, open};
use crate::http::ticket::row::COLUMNS;
use crate::http::ticket::view::TicketView;
use crate::snapshot::Snapshot;
use crate::span::Span;

/// Those that were opened between two moments.
pub(crate) struct WholeList(pub(crate) Span);

impl Exported for WholeList {
    const NAME: &'static str = "tickets";
    type View = TicketView;

    fn columns(caller: &Principal) -> Vec<Column<TicketView>> {
        TicketView::columns(caller)
    }

    async fn begin(&mut self, snapshot: &mut Snapshot, caller: &Principal) -> Result<(), QueryError> {
        let mut sql = declare();
        sql.push(COLUMNS).push(" FROM read.tickets AS t WHERE t.tenant_id = ").push_bind(caller.tenant.0);
        self.0.push("t.created_at", &mut sql);
        sql.push(" ORDER BY t.created_at, t.id");
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
