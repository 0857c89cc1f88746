//! Who had a ticket, as a file.

use domain::identity::Principal;

use super::{AssignmentRow, AssignmentView};
use crate::error::QueryError;
use crate::export::{Column, Exported, declare, open, read};
use crate::http::ticket::{Reference, find};
use crate::snapshot::Snapshot;

/// All of a ticket's.
pub(super) struct Whole {
    pub(super) reference: Reference,
}

const COLUMNS: [Column<AssignmentView>; 10] = [
    ("agent", |row, to| to.put(&row.agent)),
    ("team", |row, to| to.put(&row.team)),
    ("organization", |row, to| to.put(&row.organization)),
    ("from", |row, to| to.put(&row.from)),
    ("until", |row, to| to.put(&row.until)),
    ("assigned_by_id", |row, to| to.put(&row.assigned_by.id)),
    ("assigned_by_kind", |row, to| to.put(&row.assigned_by.kind)),
    ("assigned_by_name", |row, to| to.put(&row.assigned_by.name)),
    ("reason", |row, to| to.put(&row.reason)),
    ("position", |row, to| to.put(&row.position)),
];

impl Exported for Whole {
    const NAME: &'static str = "assignments";
    type View = AssignmentView;

    fn columns(_: &Principal) -> Vec<Column<AssignmentView>> {
        COLUMNS.to_vec()
    }

    async fn begin(&mut self, snapshot: &mut Snapshot, caller: &Principal) -> Result<(), QueryError> {
        let ticket = find(snapshot, caller, &self.reference).await?.id;
        let mut sql = declare();
        sql.push(
            "position, agent, team, organization, assigned_from, assigned_until, assigned_by, \
             assigned_by_kind, assigned_by_name, reason FROM read.assignments WHERE ticket_id = ",
        );
        sql.push_bind(ticket).push(" ORDER BY position");
        Ok(open(snapshot, sql).await?)
    }

    async fn next(
        &mut self,
        snapshot: &mut Snapshot,
        caller: &Principal,
    ) -> Result<Vec<AssignmentView>, QueryError> {
        let rows: Vec<AssignmentRow> = read(snapshot).await?;
        Ok(rows.into_iter().map(|row| AssignmentView::new(row, caller)).collect())
    }
}
