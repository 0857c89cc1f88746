//! Reading a list through a cursor of the database.

use sqlx::postgres::PgRow;
use sqlx::{FromRow, Postgres, QueryBuilder};

use crate::snapshot::Snapshot;

/// How many rows are held at once: as many as the largest page has.
const BATCH: i32 = 200;

/// Begins the statement of an export, up to and with `SELECT`.
pub(crate) fn declare<'a>() -> QueryBuilder<'a, Postgres> {
    QueryBuilder::new("DECLARE export NO SCROLL CURSOR FOR SELECT ")
}

/// Opens the cursor of a statement that [`declare`] began.
pub(crate) async fn open(
    snapshot: &mut Snapshot,
    mut statement: QueryBuilder<'_, Postgres>,
) -> Result<(), sqlx::Error> {
    statement.build().persistent(false).execute(&mut *snapshot.tx).await.map(drop)
}

/// The next rows; none at the end.
pub(crate) async fn read<R>(snapshot: &mut Snapshot) -> Result<Vec<R>, sqlx::Error>
where
    R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let mut statement = QueryBuilder::<Postgres>::new("FETCH ");
    statement.push(BATCH).push(" FROM export");
    // A prepared FETCH would remember the columns of another list's cursor.
    statement.build_query_as().persistent(false).fetch_all(&mut *snapshot.tx).await
}

/// Gives this transaction the time that an export needs: for a statement, which may have to sort all
/// there is, and between two of them, for the caller to take what was read.
pub(crate) async fn allow_time(snapshot: &mut Snapshot) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "SELECT set_config('statement_timeout', '120s', true) AS statement, \
                set_config('idle_in_transaction_session_timeout', '60s', true) AS idle",
    )
    .fetch_one(&mut *snapshot.tx)
    .await
    .map(drop)
}
