//! `GET /v1/projections`: how far each read model is.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::export::{self, Accepted, Column};
use crate::http::queue::list::Nothing;
use crate::http::refusals::Refusals;
use crate::snapshot::Source;
use crate::time::Time;

#[derive(Debug)]
struct CheckpointRow {
    projection: String,
    version: i32,
    position: i64,
    state: String,
    updated_at: Time,
    /// When the first event that is still to be applied was recorded.
    waiting_since: Option<DateTime<Utc>>,
    parked: i64,
}

/// A read model.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Projection {
    /// Its name.
    #[schema(example = "ticket_list")]
    name: String,
    /// The version that is being read.
    #[schema(example = 1)]
    version: i32,
    /// The last event whose effect it shows.
    #[schema(example = 4711)]
    position: i64,
    /// How many events are still to be applied.
    #[schema(example = 0)]
    lag_events: i64,
    /// How long the first of them has been waiting, in seconds.
    #[schema(example = 0.0)]
    lag_seconds: f64,
    /// catching_up, live, parked, rebuilding, stopped.
    #[schema(example = "live")]
    state: String,
    /// Things (tickets, say) that wait behind an event that couldn't be applied.
    #[schema(example = 0)]
    parked: i64,
    /// When it applied something last.
    updated_at: Time,
}

/// All read models.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Projections {
    /// By name.
    items: Vec<Projection>,
}

/// How far each read model is behind the log.
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets it as a file.
#[utoipa::path(
    get, path = "/v1/projections", operation_id = "get_projections", tag = "Operation", params(Freshness),
    responses(
        (status = 200, description = "The read models.", content(
            (Projections = "application/json"),
            (String = "text/csv", example = "name,version,position,…\r\nticket_list,2,4711,…\r\n"),
            (Projection = "application/x-ndjson"),
        )),
        Refusals,
    ),
)]
pub(crate) async fn get_projections(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(Nothing): Asked<Nothing>,
) -> Result<Response, QueryError> {
    let mut snapshot = api.snapshot(&asking, Source::Log).await?;
    let rows = sqlx::query_as!(
        CheckpointRow,
        r#"SELECT p.name AS "projection!", p.version AS "version!", p.position AS "position!",
                  p.state AS "state!", p.updated_at AS "updated_at!", p.parked AS "parked!",
                  log_time(p.position + 1) AS waiting_since
           FROM read.projections AS p ORDER BY p.name"#,
    )
    .fetch_all(&mut *snapshot.tx)
    .await?;
    let head = snapshot.position;
    snapshot.close().await?;
    let now = api.0.clock.now();
    let items: Vec<_> = rows.into_iter().map(|row| row.shown(head.0, now)).collect();
    match file {
        Some(file) => export::items(&api, file, "projections", head, COLUMNS.to_vec(), &items).await,
        None => Ok(Answer::at(head, Projections { items }).into_response()),
    }
}

const COLUMNS: [Column<Projection>; 8] = [
    ("name", |row, to| to.put(&row.name)),
    ("version", |row, to| to.put(&row.version)),
    ("position", |row, to| to.put(&row.position)),
    ("lag_events", |row, to| to.put(&row.lag_events)),
    ("lag_seconds", |row, to| to.put(&row.lag_seconds)),
    ("state", |row, to| to.put(&row.state)),
    ("parked", |row, to| to.put(&row.parked)),
    ("updated_at", |row, to| to.put(&row.updated_at)),
];

impl CheckpointRow {
    fn shown(self, head: i64, now: DateTime<Utc>) -> Projection {
        let waited = self.waiting_since.map_or(0, |since| (now - since).num_milliseconds().max(0));
        Projection {
            name: self.projection,
            version: self.version,
            position: self.position,
            lag_events: (head - self.position).max(0),
            lag_seconds: waited as f64 / 1000.0,
            state: self.state,
            parked: self.parked,
            updated_at: self.updated_at,
        }
    }
}
