//! The counts as a file. They are few: it is made whole.

use axum::response::Response;
use domain::ids::Position;

use super::SlaStats;
use crate::QueryApi;
use crate::error::QueryError;
use crate::export::{self, Cells, File, Format};

/// A line for each group.
pub(super) async fn answer(
    api: &QueryApi,
    file: File,
    position: Position,
    stats: &SlaStats,
) -> Result<Response, QueryError> {
    let mut out = Vec::new();
    match file.format {
        Format::Csv => csv(stats, &mut out),
        Format::Ndjson => {
            for group in &stats.items {
                serde_json::to_writer(&mut out, group)?;
                out.push(b'\n');
            }
        }
    }
    export::whole(api, file, "sla-stats", position, out).await
}

/// What groups have in common, in the order in which it was asked for, and how many there are.
fn csv(stats: &SlaStats, out: &mut Vec<u8>) {
    Cells::line(out, |cells| {
        for name in stats.group_by.iter().map(String::as_str).chain(["met", "missed", "compliance"]) {
            cells.put(name);
        }
    });
    for group in &stats.items {
        Cells::line(out, |cells| {
            for name in &stats.group_by {
                cells.put(&group.key.get(name).and_then(Option::as_ref));
            }
            cells.put(&group.kept.met);
            cells.put(&group.kept.missed);
            cells.put(&group.kept.compliance);
        });
    }
}
