//! The order of a ticket list, and where a page of it goes on.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::http::ticket::row::TicketRow;
use crate::http::ticket::standing::{NEVER, Standing};
use crate::parameters::{BadParameter, Parameters};

/// What a list is sorted by. The id breaks ties, in the same direction, so that the order is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Priority,
    CreatedAt,
    UpdatedAt,
    Number,
    /// When the next of what was promised is due; tickets without anything due come after all others.
    SlaDueAt,
}

/// A column and a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) column: Column,
    pub(crate) descending: bool,
}

/// What `sort` takes; the first is the default.
pub(crate) const SORTS: [(&str, Sort); 10] = [
    ("-created_at", Sort { column: Column::CreatedAt, descending: true }),
    ("created_at", Sort { column: Column::CreatedAt, descending: false }),
    ("-updated_at", Sort { column: Column::UpdatedAt, descending: true }),
    ("updated_at", Sort { column: Column::UpdatedAt, descending: false }),
    // A high priority is a low rank.
    ("-priority", Sort { column: Column::Priority, descending: false }),
    ("priority", Sort { column: Column::Priority, descending: true }),
    ("-number", Sort { column: Column::Number, descending: true }),
    ("number", Sort { column: Column::Number, descending: false }),
    ("sla_due_at", Sort { column: Column::SlaDueAt, descending: false }),
    ("-sla_due_at", Sort { column: Column::SlaDueAt, descending: true }),
];

/// The sort key of a page's last row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Key {
    /// A rank.
    #[serde(rename = "r")]
    Rank(i32),
    /// Microseconds since 1970: what Postgres keeps of a time.
    #[serde(rename = "t")]
    Time(i64),
    /// A number.
    #[serde(rename = "n")]
    Number(String),
}

/// Where a page goes on: after this row.
pub(crate) type After = (Key, Uuid);

impl Sort {
    pub(crate) fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        let Some(asked) = parameters.text("sort")? else {
            return Ok(SORTS[0].1);
        };
        SORTS.iter().find(|(name, _)| *name == asked).map(|(_, sort)| *sort).ok_or_else(|| {
            let known: Vec<_> = SORTS.iter().map(|(name, _)| *name).collect();
            BadParameter::invalid("sort", format!("there is no {asked:?}; there are {}", known.join(", ")))
        })
    }

    /// Whether it is by what `read.sla AS s` says.
    pub(crate) fn is_by_sla(self) -> bool {
        self.column == Column::SlaDueAt
    }

    /// What it compares: the column, and the id, both of the table whose index has them.
    fn columns(self) -> (&'static str, &'static str) {
        match self.column {
            Column::Priority => ("t.priority_rank", "t.id"),
            Column::CreatedAt => ("t.created_at", "t.id"),
            Column::UpdatedAt => ("t.updated_at", "t.id"),
            Column::Number => ("t.number", "t.id"),
            Column::SlaDueAt => ("s.due_at", "s.ticket_id"),
        }
    }

    /// The key of a row.
    pub(crate) fn key(self, row: &TicketRow, standing: Option<&Standing>) -> After {
        let key = match self.column {
            Column::Priority => Key::Rank(row.priority_rank),
            Column::CreatedAt => Key::Time(row.created_at.0.timestamp_micros()),
            Column::UpdatedAt => Key::Time(row.updated_at.0.timestamp_micros()),
            Column::Number => Key::Number(row.number.clone()),
            Column::SlaDueAt => Key::Time(standing.map_or(NEVER, |row| row.due_at.timestamp_micros())),
        };
        (key, row.id)
    }

    /// Adds the condition that skips what former pages showed: a comparison of rows, which an index
    /// on the two columns answers by one descent.
    pub(crate) fn push_after(self, (key, id): &After, sql: &mut QueryBuilder<'_, Postgres>) {
        let (column, tie) = self.columns();
        sql.push(" AND (").push(column).push(", ").push(tie);
        sql.push(if self.descending { ") < (" } else { ") > (" });
        match key {
            Key::Rank(rank) => sql.push_bind(*rank),
            Key::Time(micros) => {
                sql.push_bind(DateTime::<Utc>::from_timestamp_micros(*micros).unwrap_or_default())
            }
            Key::Number(number) => sql.push_bind(number.clone()),
        };
        sql.push(", ").push_bind(*id).push(")");
    }

    /// Adds `ORDER BY`.
    pub(crate) fn push_order(self, sql: &mut QueryBuilder<'_, Postgres>) {
        let (column, tie) = self.columns();
        let direction = if self.descending { " DESC" } else { "" };
        sql.push(" ORDER BY ").push(column).push(direction).push(", ").push(tie).push(direction);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort(query: &str) -> Result<Sort, BadParameter> {
        Sort::take(&mut Parameters::parse(Some(query)).unwrap())
    }

    #[test]
    fn urgent_first_is_lowest_rank_first() {
        let mut sql = QueryBuilder::new("");
        sort("sort=-priority").unwrap().push_order(&mut sql);
        assert_eq!(sql.into_sql(), " ORDER BY t.priority_rank, t.id");
    }

    #[test]
    fn pages_go_on_by_comparing_rows() {
        let mut sql = QueryBuilder::new("");
        sort("sort=-updated_at").unwrap().push_after(&(Key::Time(0), Uuid::nil()), &mut sql);
        assert_eq!(sql.into_sql(), " AND (t.updated_at, t.id) < ($1, $2)");
    }

    #[test]
    fn what_is_due_next_is_walked_by_its_own_index() {
        let mut sql = QueryBuilder::new("");
        let sort = sort("sort=sla_due_at").unwrap();
        sort.push_after(&(Key::Time(NEVER), Uuid::nil()), &mut sql);
        sort.push_order(&mut sql);
        assert_eq!(sql.into_sql(), " AND (s.due_at, s.ticket_id) > ($1, $2) ORDER BY s.due_at, s.ticket_id");
    }

    #[test]
    fn an_order_that_is_not_there_is_named() {
        assert_eq!(sort("sort=subject").unwrap_err().name(), "sort");
    }
}
