//! Figures from all that happened: for other time zones than the tenant's own, for hours, and for times that
//! aren't whole days.

use domain::stats::{Dimension, Measure};
use sqlx::{Postgres, QueryBuilder};

use super::find::{Groups, Wanted, named};
use super::sla::refused;
use crate::error::QueryError;
use crate::snapshot::Snapshot;
use crate::span::Span;

#[derive(Debug, sqlx::FromRow)]
struct Row {
    period: Option<String>,
    key: String,
    measure: String,
    part: String,
    bin: i32,
    count: i64,
    sum: i64,
}

/// Adds up what is wanted; says how many rows that were, one more than `most` if there are more.
pub(super) async fn read(
    snapshot: &mut Snapshot,
    wanted: Wanted<'_>,
    most: usize,
    groups: &mut Groups,
) -> Result<usize, QueryError> {
    let mut sql = statement(wanted, most as i64 + 1);
    let rows: Vec<Row> = sql.build_query_as().fetch_all(&mut *snapshot.tx).await.map_err(refused)?;
    let read = rows.len();
    for row in rows {
        let Some(measure) = Measure::named(&row.measure) else { continue };
        let sum = groups.at(named(&row.key), row.period).of(measure, &row.part);
        sum.count += row.count;
        sum.total += row.sum;
        sum.bins.add(row.bin, row.count);
    }
    Ok(read)
}

/// A row for each group, measure, part and bin. What is counted by is made text after the counting.
fn statement(wanted: Wanted<'_>, limit: i64) -> QueryBuilder<'_, Postgres> {
    let mut sql = QueryBuilder::new("SELECT ");
    match wanted.period {
        Some(period) => sql.push(period.shown("g.period")),
        None => sql.push("NULL::text"),
    };
    sql.push(" AS period, g.key, g.measure, g.part, g.bin, g.count, g.sum FROM (SELECT ");
    match wanted.period {
        Some(period) => period.push_key("f.at", wanted.zone, &mut sql),
        None => drop(sql.push("NULL::text")),
    }
    sql.push(" AS period, ").push(key(wanted.dimension));
    sql.push(" AS key, f.measure, f.part, f.bin, count(*) AS count, sum(f.value)::int8 AS sum");
    sql.push(" FROM read.stats_facts AS f");
    if wanted.dimension == Dimension::Tag {
        sql.push(" CROSS JOIN LATERAL unnest(f.tags) AS tag");
    }
    sql.push(" WHERE f.tenant_id = ").push_bind(wanted.tenant.0);
    let measures: Vec<&str> = wanted.measures.iter().map(|measure| measure.as_str()).collect();
    sql.push(" AND f.measure = ANY(").push_bind(measures).push(")");
    Span::new(wanted.from, wanted.to).push("f.at", &mut sql);
    sql.push(" GROUP BY 1, 2, 3, 4, 5) AS g LIMIT ").push_bind(limit);
    sql
}

fn key(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Total => "''",
        Dimension::Priority => "f.priority",
        Dimension::Category => "f.category",
        Dimension::Source => "f.source",
        Dimension::Team => "f.team",
        Dimension::Agent => "f.agent",
        Dimension::Tag => "tag",
    }
}
