//! The counts as a file: a line for each value of what they are counted by.

use axum::response::Response;
use domain::ids::Position;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Count, Queues};
use crate::QueryApi;
use crate::error::QueryError;
use crate::export::{self, File};

/// A line of the file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it documents what the file has")]
pub(crate) struct QueueLine {
    /// By what is counted: `total`, `status`, `status_category`, `priority`, `assignee`, `team`,
    /// `organization`, `category`, `source`, `sla`.
    #[schema(example = "status")]
    by: String,
    /// The value; null for those that have none, and in all.
    #[schema(example = "open")]
    key: Option<String>,
    /// All of them.
    #[schema(example = 12)]
    count: i64,
    /// Those that somebody has to work on.
    #[schema(example = 12)]
    open: i64,
}

pub(super) async fn answer(
    api: &QueryApi,
    file: File,
    position: Position,
    queues: &Queues,
) -> Result<Response, QueryError> {
    let total = Count { key: None, count: queues.total, open: queues.open };
    let mut rows = vec![row("total", &total)];
    for (by, counts) in [
        ("status", &queues.by_status),
        ("status_category", &queues.by_status_category),
        ("priority", &queues.by_priority),
        ("assignee", &queues.by_assignee),
        ("team", &queues.by_team),
        ("organization", &queues.by_organization),
        ("category", &queues.by_category),
        ("source", &queues.by_source),
        ("sla", &queues.by_sla),
    ] {
        rows.extend(counts.iter().map(|count| row(by, count)));
    }
    export::table(api, file, "queues", position, &["by", "key", "count", "open"], &rows).await
}

fn row(by: &str, count: &Count) -> Vec<Value> {
    vec![json!(by), json!(count.key), json!(count.count), json!(count.open)]
}
