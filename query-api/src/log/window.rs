//! Reading on in the log, a stretch at a time.

use domain::ids::{Position, TenantId};
use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use sqlx::PgPool;
use uuid::Uuid;

use super::{AGGREGATES, Logged};
use crate::follow::Filter;
use crate::snapshot::Snapshot;

/// How much is read at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    /// Events.
    pub(crate) events: i64,
    /// Bytes of their payloads and circumstances; the event that reaches it is the last.
    pub(crate) bytes: usize,
}

/// Events of a stretch of the log.
pub(crate) struct Stretch {
    pub(crate) logged: Vec<Logged>,
    /// The stretch has more, after the last of these.
    pub(crate) more: bool,
}

/// The tenant's events among the positions after `after`, up to and with `until`; the first of them, no
/// more than `most` allows.
pub(crate) async fn window(
    snapshot: &mut Snapshot,
    after: Position,
    until: Position,
    filter: &Filter,
    most: Most,
) -> Result<Stretch, sqlx::Error> {
    let rows = logged!(
        "events AS e WHERE e.position > $1 AND e.position <= $2 \
         AND ($3::text[] IS NULL OR e.event_type = ANY($3)) \
         AND ($4::text[] IS NULL OR e.aggregate_type = ANY($4)) ORDER BY e.position LIMIT $5",
        after.0,
        until.0,
        given(&filter.types),
        given(&filter.aggregates),
        most.events,
    );
    stretch(rows.fetch(&mut *snapshot.tx), most).await
}

/// The same of some things alone, whose events are looked up by their ids.
pub(crate) async fn window_of(
    snapshot: &mut Snapshot,
    after: Position,
    until: Position,
    filter: &Filter,
    most: Most,
) -> Result<Stretch, sqlx::Error> {
    let aggregates: Vec<&str> = if filter.aggregates.is_empty() {
        AGGREGATES.to_vec()
    } else {
        filter.aggregates.iter().map(String::as_str).collect()
    };
    let rows = logged!(
        "unnest($3::text[]) AS type (name) CROSS JOIN unnest($4::text[]) AS subject (id) \
         JOIN events AS e ON e.aggregate_type = type.name AND e.aggregate_id = subject.id \
         WHERE e.position > $1 AND e.position <= $2 \
         AND ($5::text[] IS NULL OR e.event_type = ANY($5)) ORDER BY e.position LIMIT $6",
        after.0,
        until.0,
        &aggregates as _,
        &filter.subjects,
        given(&filter.types),
        most.events,
    );
    stretch(rows.fetch(&mut *snapshot.tx), most).await
}

fn given(values: &[String]) -> Option<&[String]> {
    (!values.is_empty()).then_some(values)
}

/// Takes rows as they come, so that no more of large events is held than is allowed.
async fn stretch(
    mut rows: BoxStream<'_, Result<Logged, sqlx::Error>>,
    most: Most,
) -> Result<Stretch, sqlx::Error> {
    let (mut logged, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await? {
        bytes += row.payload.len() + row.metadata.len();
        logged.push(row);
        if bytes >= most.bytes {
            return Ok(Stretch { logged, more: true });
        }
    }
    let more = logged.len() as i64 == most.events;
    Ok(Stretch { logged, more })
}

/// The end of a stretch in which the tenant has no more than so many events, after `after`.
pub(crate) async fn span(
    snapshot: &mut Snapshot,
    after: Position,
    events: i64,
) -> Result<Position, sqlx::Error> {
    let (until, found) = sqlx::query!(
        r#"SELECT max(e.position) AS until, count(*) AS "found!"
           FROM (SELECT position FROM events WHERE position > $1 AND position <= $2
                 ORDER BY position LIMIT $3) AS e"#,
        after.0,
        snapshot.position.0,
        events,
    )
    .fetch_one(&mut *snapshot.tx)
    .await
    .map(|row| (row.until, row.found))?;
    Ok(until.filter(|_| found == events).map_or(snapshot.position, Position))
}

/// How the log has grown beyond a position: how far, and whose events those are.
pub(crate) async fn growth(pool: &PgPool, after: Position) -> Result<(Position, Vec<TenantId>), sqlx::Error> {
    let grown = sqlx::query!(
        r#"SELECT head AS "head!", tenants AS "tenants!: Vec<Uuid>" FROM log_growth($1)"#,
        after.0,
    )
    .fetch_one(pool)
    .await?;
    Ok((Position(grown.head), grown.tenants.into_iter().map(TenantId).collect()))
}
