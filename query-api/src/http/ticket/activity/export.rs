//! The audit trail of one ticket as a file.

use domain::identity::Principal;

use super::push_from;
use crate::error::QueryError;
use crate::export::{Column, Exported, declare, open};
use crate::http::activity_view::{ActivityView, COLUMNS};
use crate::http::ticket::{Reference, find};
use crate::snapshot::Snapshot;

/// All lines of these types.
pub(super) struct Whole {
    pub(super) reference: Reference,
    pub(super) types: Vec<String>,
}

impl Exported for Whole {
    const NAME: &'static str = "activity";
    type View = ActivityView;

    fn columns(_: &Principal) -> Vec<Column<ActivityView>> {
        ActivityView::columns()
    }

    async fn begin(&mut self, snapshot: &mut Snapshot, caller: &Principal) -> Result<(), QueryError> {
        let ticket = find(snapshot, caller, &self.reference).await?.id;
        let mut sql = declare();
        sql.push(COLUMNS);
        push_from(&mut sql, caller, ticket, &self.types);
        sql.push(" ORDER BY a.position, a.ordinal");
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
