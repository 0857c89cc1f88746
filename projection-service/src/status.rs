//! How far each projection is.

use serde::Serialize;
use service_kit::health::Health;
use sqlx::PgPool;

/// A projection's state, as operators see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: String,
    /// The version that is being read.
    pub version: i32,
    /// The last event whose effect can be read.
    pub position: i64,
    /// How many events of the log it hasn't applied yet.
    pub lag_events: i64,
    /// For how long the oldest of those has been in the log.
    pub lag_seconds: f64,
    /// `catching_up`, `live`, `parked` (live but for parked aggregates), `rebuilding`, `stopped`.
    pub state: String,
    /// Aggregates that it can't go on with.
    pub parked: i64,
    /// The read models that it is kept up together with: `interactive`, `search`, `analytics`.
    pub lane: String,
    /// What an event costs it; none before something was measured.
    pub cost: Option<Cost>,
}

/// What a read model costs for each event, over the last transactions that were measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// How many events one transaction applied.
    pub events_per_batch: f64,
    /// Rows inserted, updated and deleted.
    pub rows_per_event: f64,
    /// Bytes written ahead, at most: what others write at the same time can't be told apart.
    pub wal_bytes_per_event: f64,
    /// Time, in microseconds.
    pub micros_per_event: f64,
}

impl Cost {
    fn of(batches: i64, events: i64, rows: i64, wal_bytes: i64, micros: i64) -> Option<Self> {
        let each = |sum: i64| sum as f64 / events as f64;
        (events > 0).then(|| Self {
            events_per_batch: events as f64 / batches.max(1) as f64,
            rows_per_event: each(rows),
            wal_bytes_per_event: each(wal_bytes),
            micros_per_event: each(micros),
        })
    }
}

/// The state of all projections, as the database has it.
pub async fn status(pool: &PgPool) -> Result<Vec<ProjectionStatus>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT p.name AS "name!", p.version AS "version!", p.position AS "position!", p.state AS "state!",
                  p.parked AS "parked!",
                  greatest(coalesce((SELECT max(position) FROM events), 0) - p.position, 0) AS "lag_events!",
                  coalesce(extract(epoch FROM now() - oldest.recorded_at), 0)::float8 AS "lag_seconds!",
                  k.lane AS "lane!", coalesce(c.batches, 0) AS "batches!", coalesce(c.events, 0) AS "events!",
                  coalesce(c.rows, 0) AS "rows!", coalesce(c.wal_bytes, 0) AS "wal_bytes!",
                  coalesce(c.micros, 0) AS "micros!"
           FROM read.projections AS p JOIN read.checkpoints AS k ON k.projection = p.name
           LEFT JOIN read.costs AS c ON c.projection = p.name
           LEFT JOIN events AS oldest ON oldest.position = p.position + 1
           ORDER BY p.name"#,
    )
    .fetch_all(pool)
    .await?;
    let shown = rows.into_iter().map(|row| ProjectionStatus {
        name: row.name,
        version: row.version,
        position: row.position,
        lag_events: row.lag_events,
        lag_seconds: row.lag_seconds.max(0.0),
        state: row.state,
        parked: row.parked,
        lane: row.lane,
        cost: Cost::of(row.batches, row.events, row.rows, row.wal_bytes, row.micros),
    });
    Ok(shown.collect())
}

/// For `/readyz`: what is parked, for an operator to see to. Everything else goes on beside it.
pub fn parked_note(health: Health, pool: PgPool) -> Health {
    health.note("projections", move || {
        let pool = pool.clone();
        async move {
            let status = status(&pool).await.map_err(|_| "no answer".to_owned())?;
            let parked = status.iter().filter(|each| each.parked > 0);
            let parked: Vec<_> = parked.map(|each| format!("{} in {}", each.parked, each.name)).collect();
            let says = || format!("parked: {}; see `docket parked list`", parked.join(", "));
            Ok((!parked.is_empty()).then(says))
        }
    })
}

/// Shows the state in the metrics.
pub(crate) fn measure(status: &[ProjectionStatus]) {
    for each in status {
        let name = each.name.clone();
        metrics::gauge!("docket_projection_position", "projection" => name.clone()).set(each.position as f64);
        metrics::gauge!("docket_projection_lag_events", "projection" => name.clone())
            .set(each.lag_events as f64);
        metrics::gauge!("docket_projection_lag_seconds", "projection" => name.clone()).set(each.lag_seconds);
        metrics::gauge!("docket_parked_aggregates", "projection" => name.clone()).set(each.parked as f64);
        let Some(cost) = each.cost else { continue };
        metrics::gauge!("docket_projection_rows_per_event", "projection" => name.clone())
            .set(cost.rows_per_event);
        metrics::gauge!("docket_projection_wal_bytes_per_event", "projection" => name.clone())
            .set(cost.wal_bytes_per_event);
        metrics::gauge!("docket_projection_seconds_per_event", "projection" => name)
            .set(cost.micros_per_event / 1e6);
    }
}
