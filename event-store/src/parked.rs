//! Aggregates that a projection can't go on with.
//!
//! An event that can't be applied parks its aggregate for that projection: the aggregate's later
//! events wait behind it, everybody else's go on. An operator asks for a retry or has the event
//! skipped; the projection carries that out, since it alone may touch its tables.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::ids::{EventId, Position, TenantId, Version};
use serde::Serialize;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::envelope::RecordedEvent;

/// What an operator asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Apply the event again, and what waits behind it.
    Retry,
    /// Leave the event out, and apply what waits behind it.
    Skip,
}

impl Request {
    fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Skip => "skip",
        }
    }
}

/// A parked aggregate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parked {
    /// The projection that can't go on with it.
    pub projection: String,
    /// What the aggregate is.
    pub aggregate_type: String,
    /// Which one.
    pub aggregate_id: String,
    /// Whose.
    pub tenant_id: TenantId,
    /// The position of the event that couldn't be applied.
    pub position: Position,
    /// Its place in the stream.
    pub sequence: Version,
    /// Its id.
    pub event_id: EventId,
    /// Its type.
    pub event_type: String,
    /// Why it couldn't be applied.
    pub error: String,
    /// How often it was tried.
    pub attempts: i32,
    /// Since when.
    pub parked_at: DateTime<Utc>,
    /// What an operator asked for and the projection hasn't done yet.
    pub requested: Option<Request>,
}

struct Row {
    projection: String,
    aggregate_type: String,
    aggregate_id: String,
    tenant_id: Uuid,
    position: i64,
    sequence: i64,
    event_id: Uuid,
    event_type: String,
    error: String,
    attempts: i32,
    parked_at: DateTime<Utc>,
    requested: Option<String>,
}

impl From<Row> for Parked {
    fn from(row: Row) -> Self {
        Self {
            projection: row.projection,
            aggregate_type: row.aggregate_type,
            aggregate_id: row.aggregate_id,
            tenant_id: TenantId(row.tenant_id),
            position: Position(row.position),
            sequence: Version(row.sequence),
            event_id: EventId(row.event_id),
            event_type: row.event_type,
            error: row.error,
            attempts: row.attempts,
            parked_at: row.parked_at,
            requested: row.requested.map(|text| if text == "skip" { Request::Skip } else { Request::Retry }),
        }
    }
}

/// Parks the event's aggregate; a repeat counts the attempt and withdraws the operator's request,
/// which has been tried. Call it in the transaction that moves the checkpoint past the event.
pub async fn park(
    connection: &mut PgConnection,
    projection: &str,
    event: &RecordedEvent,
    error: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO parked_streams AS p
                (projection, aggregate_type, aggregate_id, tenant_id, position, sequence, event_id,
                 event_type, error)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (projection, aggregate_type, aggregate_id) DO UPDATE
            SET position = excluded.position, sequence = excluded.sequence,
                event_id = excluded.event_id, event_type = excluded.event_type,
                error = excluded.error, attempts = p.attempts + 1, requested = NULL",
        projection,
        event.aggregate_type,
        event.aggregate_id,
        event.tenant_id.0,
        event.position.0,
        event.sequence.0,
        event.event_id.0,
        event.event_type,
        error,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// All parked aggregates, or those of one projection, the oldest first.
pub async fn list(
    executor: impl PgExecutor<'_>,
    projection: Option<&str>,
) -> Result<Vec<Parked>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT projection, aggregate_type, aggregate_id, tenant_id, position, sequence, event_id,
                event_type, error, attempts, parked_at, requested
           FROM parked_streams
          WHERE $1::text IS NULL OR projection = $1
          ORDER BY position, projection",
        projection,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(Parked::from).collect())
}

/// How many aggregates are parked, over all projections.
pub async fn count(executor: impl PgExecutor<'_>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM parked_streams"#).fetch_one(executor).await
}

/// An operator's request on an aggregate, for one projection or for all that parked it. Returns how
/// many will carry it out.
pub async fn request(
    executor: impl PgExecutor<'_>,
    projection: Option<&str>,
    aggregate_id: &str,
    request: Request,
) -> Result<u64, sqlx::Error> {
    let asked = sqlx::query!(
        "UPDATE parked_streams SET requested = $3
          WHERE ($1::text IS NULL OR projection = $1) AND aggregate_id = $2",
        projection,
        aggregate_id,
        request.as_str(),
    )
    .execute(executor)
    .await?;
    Ok(asked.rows_affected())
}

/// Those of a projection's parked aggregates that an operator asked something for.
pub async fn requested(executor: impl PgExecutor<'_>, projection: &str) -> Result<Vec<Parked>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT projection, aggregate_type, aggregate_id, tenant_id, position, sequence, event_id,
                event_type, error, attempts, parked_at, requested
           FROM parked_streams
          WHERE projection = $1 AND requested IS NOT NULL
          ORDER BY position",
        projection,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(Parked::from).collect())
}

/// The aggregate goes on: call it in the transaction that applied what had waited. A skipped event
/// is noted, so that a rebuild leaves it out too.
pub async fn release(connection: &mut PgConnection, parked: &Parked) -> Result<(), sqlx::Error> {
    if parked.requested == Some(Request::Skip) {
        sqlx::query!(
            "INSERT INTO parked_events_skipped (projection, position, event_id, error)
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            parked.projection,
            parked.position.0,
            parked.event_id.0,
            parked.error,
        )
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query!(
        "DELETE FROM parked_streams
          WHERE projection = $1 AND aggregate_type = $2 AND aggregate_id = $3",
        parked.projection,
        parked.aggregate_type,
        parked.aggregate_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The positions that a projection leaves out by an operator's decision.
pub async fn skipped(
    executor: impl PgExecutor<'_>,
    projection: &str,
) -> Result<HashSet<Position>, sqlx::Error> {
    let positions =
        sqlx::query_scalar!("SELECT position FROM parked_events_skipped WHERE projection = $1", projection)
            .fetch_all(executor)
            .await?;
    Ok(positions.into_iter().map(Position).collect())
}
