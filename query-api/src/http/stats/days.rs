//! Figures from the sums of days.

use chrono::NaiveDate;
use domain::stats::Measure;
use domain::stats::sketch::Bins;

use super::find::{Groups, Span, Wanted};
use super::period::Period;
use crate::error::QueryError;
use crate::snapshot::Snapshot;

#[derive(Debug)]
struct Row {
    measure: String,
    day: NaiveDate,
    key: String,
    part: String,
    count: i64,
    sum: i64,
    bins: Vec<u8>,
}

/// Adds up what is wanted; says how many rows that were, one more than `most` if there are more.
pub(super) async fn read(
    snapshot: &mut Snapshot,
    wanted: Wanted<'_>,
    (from, to): Span,
    most: usize,
    groups: &mut Groups,
) -> Result<usize, QueryError> {
    let hours = wanted.period == Some(Period::HourOfWeek);
    let names: Vec<&str> = wanted.measures.iter().map(|measure| measure.as_str()).collect();
    // The bins of what only happened are hours: where these don't matter, they stay where they are.
    let binned: Vec<&str> =
        wanted.measures.iter().filter(|one| hours || has_bins(**one)).map(|one| one.as_str()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT d.measure AS "measure!", d.day AS "day!", d.key AS "key!", d.part AS "part!",
                  d.count AS "count!", d.sum AS "sum!",
                  CASE WHEN d.measure = ANY($7) THEN d.bins ELSE '' END AS "bins!"
           FROM read.stats_days AS d
           WHERE d.tenant_id = $1 AND d.dimension = $2 AND d.measure = ANY($3)
                 AND d.day >= coalesce($4, '-infinity'::date) AND d.day < coalesce($5, 'infinity'::date)
           LIMIT $6"#,
        wanted.tenant.0,
        wanted.dimension.as_str(),
        names as _,
        from,
        to,
        most as i64 + 1,
        binned as _,
    )
    .fetch_all(&mut *snapshot.tx)
    .await?;
    let read = rows.len();
    for row in rows {
        let Some(measure) = Measure::named(&row.measure) else { continue };
        if hours {
            by_hour(measure, &row, groups);
            continue;
        }
        let period = wanted.period.map(|period| period.of_day(row.day, 0));
        let sum = groups.at(&row.key, period).of(measure, &row.part);
        sum.count += row.count;
        sum.total += row.sum;
        sum.bins.unpack(&row.bins);
    }
    Ok(read)
}

/// Puts what happened on a day where its hours are.
fn by_hour(measure: Measure, row: &Row, groups: &mut Groups) {
    let mut bins = Bins::default();
    bins.unpack(&row.bins);
    for (hour, count) in bins.iter() {
        let period = Period::HourOfWeek.of_day(row.day, hour);
        groups.at(&row.key, Some(period)).of(measure, &row.part).count += count;
    }
}

fn has_bins(measure: Measure) -> bool {
    measure.is_time() || measure == Measure::Rating
}
