//! Figures of the time up to this moment: from the sums of hours, of quarters of an hour at both ends, and from
//! what happened in the quarters that are cut. However much there is, that is a few hundred rows.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use domain::stats::Measure;
use sqlx::{FromRow, Postgres, QueryBuilder};

use super::facts;
use super::find::{Groups, MOST, Wanted};
use crate::error::QueryError;
use crate::snapshot::Snapshot;

/// Rows of this view.
#[derive(Debug, FromRow)]
struct Row {
    measure: String,
    part: String,
    count: i64,
    sum: i64,
    bins: Vec<u8>,
}

/// A time from, inclusive, to, exclusive.
type Stretch = (DateTime<Utc>, DateTime<Utc>);

/// Adds up what is wanted of all of a tenant's tickets together.
pub(super) async fn read(
    snapshot: &mut Snapshot,
    wanted: Wanted<'_>,
    (from, to): Stretch,
    groups: &mut Groups,
) -> Result<(), QueryError> {
    let cut = Cut::of(from, to);
    let mut sql = statement(wanted, &cut);
    let rows: Vec<Row> = sql.build_query_as().fetch_all(&mut *snapshot.tx).await?;
    for row in rows {
        let Some(measure) = Measure::named(&row.measure) else { continue };
        let sum = groups.at(None, None).of(measure, &row.part);
        sum.count += row.count;
        sum.total += row.sum;
        sum.bins.take(&row.bins);
    }
    for (from, to) in cut.ends {
        if from < to {
            let end = Wanted { from: Some(from), to: Some(to), ..wanted };
            facts::read(snapshot, end, MOST, groups).await?;
        }
    }
    Ok(())
}

/// A stretch of time, cut where hours and quarters begin.
#[derive(Debug, PartialEq, Eq)]
struct Cut {
    hours: Stretch,
    quarters: [Stretch; 2],
    ends: [Stretch; 2],
}

impl Cut {
    fn of(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        let (hour, quarter) = (TimeDelta::hours(1), TimeDelta::minutes(15));
        let down = |at: DateTime<Utc>, step| at.duration_trunc(step).unwrap_or(at);
        let up = |at: DateTime<Utc>, step| {
            let begun = down(at, step);
            if begun == at { at } else { begun + step }
        };
        let first_quarter = up(from, quarter).min(to);
        let last_quarter = down(to, quarter).max(first_quarter);
        let first_hour = up(from, hour).min(last_quarter).max(first_quarter);
        let last_hour = down(to, hour).max(first_hour);
        Self {
            hours: (first_hour, last_hour),
            quarters: [(first_quarter, first_hour), (last_hour, last_quarter)],
            ends: [(from, first_quarter), (last_quarter, to)],
        }
    }
}

fn statement<'a>(wanted: Wanted<'a>, cut: &Cut) -> QueryBuilder<'a, Postgres> {
    let measures: Vec<&str> = wanted.measures.iter().map(|measure| measure.as_str()).collect();
    let mut sql = QueryBuilder::new("");
    let [first, last] = cut.quarters;
    for (between, minutes, (from, to)) in
        [("", 60_i16, cut.hours), (" UNION ALL ", 15, first), (" UNION ALL ", 15, last)]
    {
        sql.push(between).push("SELECT h.measure, h.part, h.count, h.sum, h.bins FROM read.stats_hours AS h");
        sql.push(" WHERE h.tenant_id = ").push_bind(wanted.tenant.0);
        sql.push(" AND h.minutes = ").push_bind(minutes);
        sql.push(" AND h.measure = ANY(").push_bind(measures.clone()).push(")");
        sql.push(" AND h.at >= ").push_bind(from).push(" AND h.at < ").push_bind(to);
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-03-01T{text}Z").parse().unwrap()
    }

    #[test]
    fn each_moment_is_in_one_part() {
        let day = (at("03:10:00"), at("20:40:30"));
        for (from, to) in [
            day,
            (at("03:00:00"), at("05:00:00")),
            (at("03:01:00"), at("03:02:00")),
            (at("03:14:00"), at("03:16:00")),
            (at("03:20:00"), at("04:10:00")),
            (at("03:59:00"), at("04:01:00")),
            (at("03:20:00"), at("03:59:00")),
        ] {
            let Cut { hours, quarters, ends } = Cut::of(from, to);
            let parts = [ends[0], quarters[0], hours, quarters[1], ends[1]];
            assert_eq!((parts[0].0, parts[4].1), (from, to));
            assert!(parts.windows(2).all(|pair| pair[0].1 == pair[1].0), "{parts:?}");
            assert!(parts.iter().all(|(from, to)| from <= to), "{parts:?}");
        }
        let cut = Cut::of(day.0, day.1);
        assert_eq!(cut.hours, (at("04:00:00"), at("20:00:00")));
        assert_eq!(cut.quarters[0], (at("03:15:00"), at("04:00:00")));
        assert_eq!(cut.ends[1], (at("20:30:00"), at("20:40:30")));
    }
}
