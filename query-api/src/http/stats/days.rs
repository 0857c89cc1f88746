//! Figures from the sums of days.

use chrono::{Datelike, Months, NaiveDate};
use domain::stats::Measure;
use domain::stats::sketch::Bins;

use super::find::{Groups, Span, Wanted};
use super::period::Period;
use crate::error::QueryError;
use crate::snapshot::Snapshot;

/// The years in which things happen.
const EVER: (NaiveDate, NaiveDate) =
    match (NaiveDate::from_ymd_opt(1, 1, 1), NaiveDate::from_ymd_opt(9999, 12, 31)) {
        (Some(first), Some(last)) => (first, last),
        _ => (NaiveDate::MIN, NaiveDate::MAX),
    };

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
    let (from, to) = (from.unwrap_or(EVER.0), to.unwrap_or(EVER.1));
    let (first_month, last_month) = whole_months(wanted.period, from, to);
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT d.measure AS "measure!", d.day AS "day!", d.key AS "key!", d.part AS "part!",
                  d.count AS "count!", d.sum AS "sum!",
                  CASE WHEN d.measure = ANY($7) THEN d.bins ELSE '' END AS "bins!"
           FROM read.stats_days AS d
           WHERE d.tenant_id = $1 AND d.dimension = $2 AND d.measure = ANY($3)
                 AND (NOT d.months AND d.day >= $4 AND d.day < $8
                      OR d.months AND d.day >= $8 AND d.day < $9
                      OR NOT d.months AND d.day >= $9 AND d.day < $5)
           LIMIT $6"#,
        wanted.tenant.0,
        wanted.dimension.as_str(),
        names as _,
        from,
        to,
        most as i64 + 1,
        binned as _,
        first_month,
        last_month,
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

/// From and up to which day whole months are taken; the same day twice where none are.
fn whole_months(period: Option<Period>, from: NaiveDate, to: NaiveDate) -> (NaiveDate, NaiveDate) {
    let begin = |day: NaiveDate| day.with_day(1).unwrap_or(day);
    let first = if begin(from) == from { from } else { begin(from) + Months::new(1) };
    let last = begin(to);
    match period {
        None | Some(Period::Month) if first < last => (first, last),
        _ => (to, to),
    }
}

fn has_bins(measure: Measure) -> bool {
    measure.is_time() || measure == Measure::Rating
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_months_are_taken_where_no_day_has_to_be_told_from_another() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let months = |period, from: &str, to: &str| whole_months(period, day(from), day(to));
        let (first, last) = (day("2026-02-01"), day("2026-04-01"));
        assert_eq!(months(None, "2026-01-15", "2026-04-09"), (first, last));
        assert_eq!(months(Some(Period::Month), "2026-02-01", "2026-04-01"), (first, last));
        let none = day("2026-02-20");
        assert_eq!(months(None, "2026-01-15", "2026-02-20"), (none, none));
        assert_eq!(months(Some(Period::Week), "2026-01-01", "2026-02-20"), (none, none));
    }
}
