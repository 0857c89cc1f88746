//! The audit trail as a file.

use domain::identity::Principal;

use super::search::{SearchAudit, tickets};
use crate::error::QueryError;
use crate::export::{Column, Exported, declare, open};
use crate::http::activity_view::{ActivityView, COLUMNS};
use crate::snapshot::Snapshot;

impl Exported for SearchAudit {
    const NAME: &'static str = "audit";
    type View = ActivityView;

    fn columns(_: &Principal) -> Vec<Column<ActivityView>> {
        ActivityView::columns()
    }

    async fn begin(&mut self, snapshot: &mut Snapshot, caller: &Principal) -> Result<(), QueryError> {
        let tickets = tickets(snapshot, &self.filter.ticket).await?;
        let mut sql = declare();
        sql.push(COLUMNS);
        self.filter.push(caller, tickets.as_deref(), &mut sql);
        self.filter.push_page(None, &mut sql);
        Ok(open(snapshot, sql).await?)
    }

    async fn next(
        &mut self,
        snapshot: &mut Snapshot,
        caller: &Principal,
    ) -> Result<Vec<ActivityView>, QueryError> {
        ActivityView::next(snapshot, caller).await
    }
}
