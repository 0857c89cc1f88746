//! Figures from the sums of days.

use std::collections::HashMap;

use chrono::{Datelike, Months, NaiveDate};
use domain::stats::Measure;
use domain::stats::sketch::Bins;
use futures::TryStreamExt as _;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row as _};

use super::figures::Figures;
use super::find::{Groups, Span, Wanted, named};
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
struct Row<'a> {
    measure: &'a str,
    day: NaiveDate,
    key: &'a str,
    part: &'a str,
    count: i64,
    sum: i64,
    bins: &'a [u8],
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
    let (from, to) = (from.unwrap_or(EVER.0), to.unwrap_or(EVER.1));
    if from >= to {
        return Ok(0);
    }
    let mut sql = statement(wanted, from, to, most as i64 + 1);
    let mut rows = sql.build().fetch(&mut *snapshot.tx);
    let mut read = 0;
    let mut found: HashMap<(Option<NaiveDate>, Option<String>), Figures> = HashMap::new();
    let mut by_hour = ByHour::default();
    let mut last: Option<Measure> = None;
    while let Some(row) = rows.try_next().await? {
        read += 1;
        let row = Row::read(&row)?;
        // There are many of the same in a row.
        last = last.filter(|last| last.as_str() == row.measure).or_else(|| Measure::named(row.measure));
        let Some(measure) = last else { continue };
        if hours {
            by_hour.add(measure, &row);
            continue;
        }
        let begun = wanted.period.map(|period| period.begin(row.day));
        let sum = found.entry((begun, named(row.key))).or_default().of(measure, row.part);
        sum.count += row.count;
        sum.total += row.sum;
        sum.bins.take(row.bins);
    }
    for ((begun, key), figures) in found {
        groups.at(key, begun.map(|day| day.to_string())).merge(&figures);
    }
    by_hour.tell(groups);
    Ok(read)
}

impl<'a> Row<'a> {
    /// Unchecked, since there are thousands: the statement below says what each column is.
    fn read(row: &'a PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            measure: row.try_get_unchecked(0)?,
            day: row.try_get_unchecked(1)?,
            key: row.try_get_unchecked(2)?,
            part: row.try_get_unchecked(3)?,
            count: row.try_get_unchecked(4)?,
            sum: row.try_get_unchecked(5)?,
            bins: row.try_get_unchecked(6)?,
        })
    }
}

/// A row for each day, group, measure and part; or for each month, where whole ones are wanted.
fn statement(wanted: Wanted<'_>, from: NaiveDate, to: NaiveDate, limit: i64) -> QueryBuilder<'_, Postgres> {
    let hours = wanted.period == Some(Period::HourOfWeek);
    let (first_month, last_month) = whole_months(wanted.period, from, to);
    let stretches = [(false, from, first_month), (true, first_month, last_month), (false, last_month, to)];
    // The bins of what only happened are hours: where these don't matter, they stay where they are.
    let binned = wanted.measures.iter().filter(|one| hours || has_bins(**one));
    let binned: Vec<&str> = binned.map(|one| one.as_str()).collect();
    let names: Vec<&str> = wanted.measures.iter().map(|one| one.as_str()).collect();
    let mut sql = QueryBuilder::new("SELECT * FROM (");
    let mut between = "";
    for (months, first, last) in stretches.into_iter().filter(|(_, first, last)| first < last) {
        sql.push(between).push("SELECT d.measure, d.day, d.key, d.part, d.count, d.sum, ");
        sql.push("CASE WHEN d.measure = ANY(").push_bind(binned.clone()).push(") THEN d.bins ELSE '' END");
        sql.push(" FROM read.stats_days AS d WHERE d.tenant_id = ").push_bind(wanted.tenant.0);
        sql.push(" AND d.dimension = ").push_bind(wanted.dimension.as_str());
        sql.push(" AND d.months = ").push_bind(months);
        sql.push(" AND d.day >= ").push_bind(first).push(" AND d.day < ").push_bind(last);
        // All of them are passed by faster than each is looked for.
        if wanted.measures.len() < Measure::ALL.len() {
            sql.push(" AND d.measure = ANY(").push_bind(names.clone()).push(")");
        }
        between = " UNION ALL ";
    }
    sql.push(") AS d LIMIT ").push_bind(limit);
    sql
}

/// What happened in each hour of the week, by group, measure and part.
#[derive(Default)]
struct ByHour(HashMap<(Option<String>, Measure, Option<String>), [i64; HOURS]>);

/// Of a week.
const HOURS: usize = 7 * 24;

impl ByHour {
    /// Puts what happened on a day where its hours are.
    fn add(&mut self, measure: Measure, row: &Row<'_>) {
        let week = self.0.entry((named(row.key), measure, named(row.part))).or_insert([0; HOURS]);
        let mut bins = Bins::default();
        bins.unpack(row.bins);
        let midnight = row.day.weekday().num_days_from_monday() as usize * 24;
        for (hour, count) in bins.iter() {
            let place = usize::try_from(hour).ok().and_then(|hour| week.get_mut(midnight + hour));
            if let Some(place) = place {
                *place += count;
            }
        }
    }

    fn tell(self, groups: &mut Groups) {
        for ((key, measure, part), week) in self.0 {
            for (place, count) in week.into_iter().enumerate().filter(|(_, count)| *count != 0) {
                let period = Some(Period::hour_of_week(place / 24 + 1, place % 24));
                let figures = groups.at(key.clone(), period);
                figures.of(measure, part.as_deref().unwrap_or_default()).count += count;
            }
        }
    }
}

/// From and up to which day whole months are taken; the same day twice where none are.
fn whole_months(period: Option<Period>, from: NaiveDate, to: NaiveDate) -> (NaiveDate, NaiveDate) {
    let begin = |day| Period::Month.begin(day);
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
