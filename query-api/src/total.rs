//! How many rows a list has, counted with an end: exactly up to a bound, from then on at least so many.

use sqlx::{Connection as _, Postgres, QueryBuilder, Row as _};

use crate::snapshot::Snapshot;

/// Up to here it is counted.
const MOST: i64 = 10_000;
/// How long counting may take; what is hard to find is not counted for longer.
const PATIENCE: &str = "500ms";

/// How many rows there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Total {
    /// So many.
    Exactly(i64),
    /// So many, and perhaps more.
    AtLeast(i64),
}

impl Total {
    /// Begins the statement that counts: what comes next is `FROM`.
    pub(crate) fn count<'a>() -> QueryBuilder<'a, Postgres> {
        QueryBuilder::new("SELECT count(*) AS total FROM (SELECT 1")
    }

    /// Counts what a statement finds that [`Total::count`] began.
    pub(crate) async fn of(
        snapshot: &mut Snapshot,
        mut statement: QueryBuilder<'_, Postgres>,
    ) -> Result<Self, sqlx::Error> {
        statement.push(" LIMIT ").push_bind(MOST + 1).push(") AS counted");
        // Whatever becomes of it, the transaction goes on as it was before.
        let mut counting = snapshot.tx.begin().await?;
        sqlx::query_scalar!("SELECT set_config('statement_timeout', $1, true)", PATIENCE)
            .fetch_one(&mut *counting)
            .await?;
        let counted = statement.build().fetch_one(&mut *counting).await.and_then(|row| row.try_get("total"));
        counting.rollback().await?;
        match counted {
            Ok(total) if total <= MOST => Ok(Self::Exactly(total)),
            Ok(_) => Ok(Self::AtLeast(MOST)),
            Err(error) if is_timeout(&error) => Ok(Self::AtLeast(0)),
            Err(error) => Err(error),
        }
    }

    /// The number, and whether there may be more; of a list of which so many rows were seen.
    pub(crate) fn shown(self, seen: usize) -> (i64, bool) {
        match self {
            Self::Exactly(total) => (total, false),
            Self::AtLeast(total) => (total.max(seen as i64), true),
        }
    }
}

fn is_timeout(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "57014")
}
