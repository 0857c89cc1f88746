//! Reading the log in order.

use chrono::{DateTime, Utc};
use domain::ids::{CommandId, EventId, Position, TenantId, Version};
use futures::TryStreamExt;
use sqlx::PgPool;
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

/// Events that fulfil what comes after `WHERE`, as [`Row`]s.
macro_rules! events {
    ($which:literal, $($value:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT position, event_id, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
                      event_version, payload::text AS "payload!", metadata::text AS "metadata!",
                      command_id, recorded_at
                 FROM events
                WHERE "# + $which,
            $($value),+
        )
    };
}

impl LogReader {
    /// Reads through this pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The events after a position, in order, without gaps, `limit` at most.
    pub async fn read(&self, after: Position, limit: i64) -> Result<Vec<RecordedEvent>, sqlx::Error> {
        let rows = events!("position > $1 AND position <= $1 + $2 ORDER BY position", after.0, limit)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(RecordedEvent::from).collect())
    }

    /// As [`Self::read`], but stops as soon as what was read weighs [`READ_BYTES`], so that large
    /// payloads don't fill the memory. At least one event, if there is one.
    pub async fn read_within_bytes(
        &self,
        after: Position,
        limit: i64,
    ) -> Result<Vec<RecordedEvent>, sqlx::Error> {
        let mut rows = events!("position > $1 AND position <= $1 + $2 ORDER BY position", after.0, limit)
            .fetch(&self.pool);
        let (mut events, mut bytes) = (Vec::new(), 0);
        while bytes < READ_BYTES
            && let Some(row) = rows.try_next().await?
        {
            let event = RecordedEvent::from(row);
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
        let rows = events!(
            "position > $1 AND ($3::uuid IS NULL OR tenant_id = $3)
                  AND ($4::text[] IS NULL OR event_type = ANY ($4))
                ORDER BY position LIMIT $2",
            after.0,
            limit,
            filter.tenant.map(|tenant| tenant.0),
            types,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(RecordedEvent::from).collect())
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
        let rows = events!(
            "aggregate_type = $1 AND aggregate_id = $2 AND sequence > $3 ORDER BY sequence",
            aggregate_type,
            aggregate_id,
            after.0,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(RecordedEvent::from).collect())
    }

    /// Whole streams of one kind, each in its order, one after the other.
    pub async fn read_streams(
        &self,
        aggregate_type: &str,
        aggregate_ids: &[String],
    ) -> Result<Vec<RecordedEvent>, sqlx::Error> {
        let rows = events!(
            "aggregate_type = $1 AND aggregate_id = ANY ($2) ORDER BY aggregate_id, sequence",
            aggregate_type,
            aggregate_ids,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(RecordedEvent::from).collect())
    }

    /// The last position; 0 if the log is empty.
    pub async fn head(&self) -> Result<Position, sqlx::Error> {
        let head = sqlx::query_scalar!("SELECT max(position) FROM events").fetch_one(&self.pool).await?;
        Ok(Position(head.unwrap_or_default()))
    }

    /// Which log this is. Another database has another id.
    pub async fn log_id(&self) -> Result<Uuid, sqlx::Error> {
        sqlx::query_scalar!("SELECT log_id FROM log_head").fetch_one(&self.pool).await
    }
}

fn weight(event: &RecordedEvent) -> usize {
    event.payload.len() + event.metadata.len()
}

/// Whether a read of up to `limit` events came back full, so that there are probably more.
pub(crate) fn is_full(events: &[RecordedEvent], limit: usize) -> bool {
    events.len() >= limit || events.iter().map(weight).sum::<usize>() >= READ_BYTES
}

struct Row {
    position: i64,
    event_id: Uuid,
    tenant_id: Uuid,
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
    event_type: String,
    event_version: String,
    payload: String,
    metadata: String,
    command_id: Uuid,
    recorded_at: DateTime<Utc>,
}

impl From<Row> for RecordedEvent {
    fn from(row: Row) -> Self {
        Self {
            position: Position(row.position),
            event_id: EventId(row.event_id),
            tenant_id: TenantId(row.tenant_id),
            aggregate_type: row.aggregate_type,
            aggregate_id: row.aggregate_id,
            sequence: Version(row.sequence),
            event_type: row.event_type,
            event_version: row.event_version,
            payload: row.payload,
            metadata: row.metadata,
            command_id: CommandId(row.command_id),
            recorded_at: row.recorded_at,
        }
    }
}
