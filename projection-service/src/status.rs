//! How far each projection is.

use serde::Serialize;
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
}

/// The state of all projections, as the database has it.
pub async fn status(pool: &PgPool) -> Result<Vec<ProjectionStatus>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT p.name AS "name!", p.version AS "version!", p.position AS "position!", p.state AS "state!",
                  p.parked AS "parked!",
                  greatest(coalesce((SELECT max(position) FROM events), 0) - p.position, 0) AS "lag_events!",
                  coalesce(extract(epoch FROM now() - oldest.recorded_at), 0)::float8 AS "lag_seconds!"
           FROM read.projections AS p LEFT JOIN events AS oldest ON oldest.position = p.position + 1
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
    });
    Ok(shown.collect())
}

/// Shows the state in the metrics.
pub(crate) fn measure(status: &[ProjectionStatus]) {
    for each in status {
        let name = each.name.clone();
        metrics::gauge!("docket_projection_position", "projection" => name.clone()).set(each.position as f64);
        metrics::gauge!("docket_projection_lag_events", "projection" => name.clone())
            .set(each.lag_events as f64);
        metrics::gauge!("docket_projection_lag_seconds", "projection" => name.clone()).set(each.lag_seconds);
        metrics::gauge!("docket_parked_aggregates", "projection" => name).set(each.parked as f64);
    }
}
