//! Reading the log in order.

use chrono::{DateTime, Utc};
use domain::ids::{CommandId, EventId, Position, TenantId, Version};
use futures::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::envelope::RecordedEvent;

/// What one read weighs at most when it is bounded by bytes.
pub const READ_BYTES: usize = 8 << 20;

/// Reads the log. Needs no more than a pool that may select from `events`.
#[derive(Clone, Debug)]
pub struct LogReader {
    pool: PgPool,
}

/// Which events a filtered read wants. `None` and empty are no restriction.
#[derive(Clone, Debug, Default)]
pub struct Filter<'a> {
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// Of one of these types.
    pub types: &'a [String],
}

impl LogReader {
    /// Reads through this pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The events after a position, in order, without gaps, `limit` at most.
    pub async fn read(&self, after: Position, limit: i64) -> Result<Vec<RecordedEvent>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT position, event_id, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
                    event_version, payload::text, metadata::text, command_id, recorded_at
               FROM events
              WHERE position > $1 AND position <= $1 + $2
              ORDER BY position",
        )
        .bind(after.0)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(recorded).collect()
    }

    /// As [`Self::read`], but stops as soon as what was read weighs [`READ_BYTES`], so that large
    /// payloads don't fill the memory. At least one event, if there is one.
    pub async fn read_within_bytes(
        &self,
        after: Position,
        limit: i64,
    ) -> Result<Vec<RecordedEvent>, sqlx::Error> {
        let mut rows = sqlx::query(
            "SELECT position, event_id, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
                    event_version, payload::text, metadata::text, command_id, recorded_at
               FROM events
              WHERE position > $1 AND position <= $1 + $2
              ORDER BY position",
        )
        .bind(after.0)
        .bind(limit)
        .fetch(&self.pool);
        let (mut events, mut bytes) = (Vec::new(), 0);
        while bytes < READ_BYTES
            && let Some(row) = rows.try_next().await?
        {
            let event = recorded(&row)?;
            bytes += weight(&event);
            events.push(event);
        }
        Ok(events)
    }

    /// The events after a position that a filter lets through, in order, `limit` at most.
    pub async fn read_filtered(
        &self,
        after: Position,
        limit: i64,
        filter: &Filter<'_>,
    ) -> Result<Vec<RecordedEvent>, sqlx::Error> {
        let types = (!filter.types.is_empty()).then_some(filter.types);
        let rows = sqlx::query(
            "SELECT position, event_id, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
                    event_version, payload::text, metadata::text, command_id, recorded_at
               FROM events
              WHERE position > $1
                AND ($3::uuid IS NULL OR tenant_id = $3)
                AND ($4::text[] IS NULL OR event_type = ANY ($4))
              ORDER BY position
              LIMIT $2",
        )
        .bind(after.0)
        .bind(limit)
        .bind(filter.tenant.map(|tenant| tenant.0))
        .bind(types)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(recorded).collect()
    }

    /// A whole stream, in order.
    pub async fn read_stream(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
    ) -> Result<Vec<RecordedEvent>, sqlx::Error> {
        self.read_stream_after(aggregate_type, aggregate_id, Version(0)).await
    }

    /// A stream's events after a version, in order.
    pub async fn read_stream_after(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        after: Version,
    ) -> Result<Vec<RecordedEvent>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT position, event_id, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
                    event_version, payload::text, metadata::text, command_id, recorded_at
               FROM events
              WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence > $3
              ORDER BY sequence",
        )
        .bind(aggregate_type)
        .bind(aggregate_id)
        .bind(after.0)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(recorded).collect()
    }

    /// The last position; 0 if the log is empty.
    pub async fn head(&self) -> Result<Position, sqlx::Error> {
        let head: Option<i64> =
            sqlx::query_scalar("SELECT max(position) FROM events").fetch_one(&self.pool).await?;
        Ok(Position(head.unwrap_or_default()))
    }

    /// Which log this is. Another database has another id.
    pub async fn log_id(&self) -> Result<Uuid, sqlx::Error> {
        sqlx::query_scalar("SELECT log_id FROM log_head").fetch_one(&self.pool).await
    }
}

fn weight(event: &RecordedEvent) -> usize {
    event.payload.len() + event.metadata.len()
}

/// Whether a read of up to `limit` events came back full, so that there are probably more.
pub(crate) fn is_full(events: &[RecordedEvent], limit: usize) -> bool {
    events.len() >= limit || events.iter().map(weight).sum::<usize>() >= READ_BYTES
}

fn recorded(row: &PgRow) -> Result<RecordedEvent, sqlx::Error> {
    Ok(RecordedEvent {
        position: Position(row.try_get(0)?),
        event_id: EventId(row.try_get(1)?),
        tenant_id: TenantId(row.try_get(2)?),
        aggregate_type: row.try_get(3)?,
        aggregate_id: row.try_get(4)?,
        sequence: Version(row.try_get(5)?),
        event_type: row.try_get(6)?,
        event_version: row.try_get(7)?,
        payload: row.try_get(8)?,
        metadata: row.try_get(9)?,
        command_id: CommandId(row.try_get(10)?),
        recorded_at: row.try_get::<DateTime<Utc>, _>(11)?,
    })
}
