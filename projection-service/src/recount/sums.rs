//! What a recount adds up, and how that compares with what is kept.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use chrono::{DateTime, Datelike, DurationRound, Months, NaiveDate, TimeDelta, Timelike, Utc};
use domain::stats::sketch::{Bins, Tally};
use futures::TryStreamExt;
use sqlx::PgConnection;
use uuid::Uuid;

use super::exact;
use super::ticket::History;
use super::{FigureDifference, Offices, Told};

/// How many differences are told.
const TOLD: usize = 20;
/// The measures that are times.
const TIMES: [&str; 6] =
    ["in_status", "first_response", "first_response_working", "resolution", "resolution_working", "handling"];

/// A day's or a month's sum: tenant, dimension, whether of a month, measure, day, key, part.
type DayKey = (Uuid, String, bool, String, NaiveDate, String, String);
/// What happened within an hour of UTC: tenant, measure, part, for whom, hour.
type FactKey = (Uuid, String, String, Option<String>, DateTime<Utc>);
/// Whose times: tenant, dimension, measure, key, part.
type TimesKey = (Uuid, String, String, String, String);

/// A day's or a month's count and sum, and how many there are of each: in each hour of the day, of each rating.
type Day = (i64, i64, BTreeMap<i32, i64>);

/// Sums by day and by hour.
#[derive(Default)]
pub(super) struct Sums {
    days: HashMap<DayKey, Day>,
    /// The times themselves, day by day, of which percentiles are told.
    times: HashMap<TimesKey, BTreeMap<NaiveDate, Vec<i64>>>,
    facts: HashMap<FactKey, (i64, i64)>,
}

/// How it compares.
#[derive(Default)]
pub(super) struct Compared {
    pub(super) figures: u64,
    pub(super) differing: u64,
    pub(super) differences: Vec<FigureDifference>,
}

impl Sums {
    /// Adds everything that counts of a ticket.
    pub(super) fn add(&mut self, tenant: Uuid, told: &[Told], offices: &Offices) {
        let history = History { tenant, told, offices };
        let zone = offices.at(tenant, i64::MAX).zone();
        let said = history.said();
        if said.is_empty() {
            return;
        }
        let keys = history.keys();
        for one in said {
            let local = one.at.with_timezone(&zone);
            let is_time = TIMES.contains(&one.measure);
            let place = if one.measure == "rating" { one.value as i32 } else { local.hour() as i32 };
            for (dimension, values) in &keys {
                let values = match &one.agent {
                    Some(agent) if *dimension == "agent" => std::slice::from_ref(agent),
                    _ => values.as_slice(),
                };
                for value in values {
                    let day = local.date_naive();
                    let month = NaiveDate::from_ymd_opt(day.year(), day.month(), 1).unwrap_or(day);
                    let (dimension, measure) = ((*dimension).to_owned(), one.measure.to_owned());
                    for (months, day) in [(false, day), (true, month)] {
                        let (dimension, measure) = (dimension.clone(), measure.clone());
                        let key = (tenant, dimension, months, measure, day, value.clone(), one.part.clone());
                        let sum = self.days.entry(key).or_default();
                        sum.0 += 1;
                        sum.1 += one.value;
                        if !is_time {
                            *sum.2.entry(place).or_default() += 1;
                        }
                    }
                    if is_time {
                        let key = (tenant, dimension, measure, value.clone(), one.part.clone());
                        self.times.entry(key).or_default().entry(day).or_default().push(one.value);
                    }
                }
            }
            let hour = one.at.duration_trunc(TimeDelta::hours(1)).unwrap_or(one.at);
            let key = (tenant, one.measure.to_owned(), one.part, one.agent, hour);
            let sum = self.facts.entry(key).or_default();
            sum.0 += 1;
            sum.1 += one.value;
        }
    }

    /// Whether the percentiles that are told of a day or a month are those of its times.
    fn tells(&self, key: &DayKey, count: i64, bins: &[u8]) -> bool {
        let (tenant, dimension, months, measure, day, value, part) = key.clone();
        let Some(times) = self.times.get(&(tenant, dimension, measure, value, part)) else { return false };
        let end = if months { day.checked_add_months(Months::new(1)) } else { day.succ_opt() };
        let mut times: Vec<i64> =
            times.range(day..end.unwrap_or(NaiveDate::MAX)).flat_map(|(_, times)| times).copied().collect();
        let mut kept = Tally::default();
        kept.take(bins);
        exact::agrees(&mut times, |percents| kept.percentiles(count, percents))
    }

    /// Compares with what is kept.
    pub(super) async fn compare(&mut self, db: &mut PgConnection) -> Result<Compared, sqlx::Error> {
        let mut compared = Compared::default();
        let mut rows = sqlx::query!(
            "SELECT tenant_id, dimension, months, measure, day, key, part, count, sum, bins FROM days"
        )
        .fetch(&mut *db);
        while let Some(row) = rows.try_next().await? {
            let key = (row.tenant_id, row.dimension, row.months, row.measure, row.day, row.key, row.part);
            let found = self.days.remove(&key);
            let recounted = found.as_ref().map(|(count, sum, _)| (*count, *sum));
            let same = found.is_some_and(|(count, sum, places)| {
                (count, sum) == (row.count, row.sum)
                    && if TIMES.contains(&key.3.as_str()) {
                        self.tells(&key, count, &row.bins)
                    } else {
                        let mut kept = Bins::default();
                        kept.unpack(&row.bins);
                        kept.iter().eq(places)
                    }
            });
            compared.take("day", &key, same, Some((row.count, row.sum)), recounted);
        }
        drop(rows);
        for (key, (count, sum, _)) in self.days.drain() {
            compared.take("day", &key, false, None, Some((count, sum)));
        }
        let mut rows = sqlx::query!(
            r#"SELECT f.tenant_id, f.measure, f.part, f.agent AS "agent?",
                      date_trunc('hour', f.at, 'UTC') AS "hour!", count(*) AS "count!",
                      sum(f.value)::int8 AS "sum!", array_agg(f.bin) AS "bins!", array_agg(f.value) AS "values!"
               FROM facts AS f JOIN measured AS m USING (ticket_id) WHERE NOT m.hidden
               GROUP BY 1, 2, 3, 4, 5"#
        )
        .fetch(&mut *db);
        while let Some(row) = rows.try_next().await? {
            let key = (row.tenant_id, row.measure, row.part, row.agent, row.hour);
            let (kept, found) = ((row.count, row.sum), self.facts.remove(&key));
            let same = found == Some(kept) && are_binned(&key.1, &row.bins, &row.values);
            compared.take("hour", &key, same, Some(kept), found);
        }
        drop(rows);
        for (key, sum) in self.facts.drain() {
            compared.take("hour", &key, false, None, Some(sum));
        }
        Ok(compared)
    }
}

impl Compared {
    fn take(
        &mut self,
        table: &str,
        key: &impl Debug,
        same: bool,
        kept: Option<(i64, i64)>,
        recounted: Option<(i64, i64)>,
    ) {
        self.figures += 1;
        if same {
            return;
        }
        self.differing += 1;
        if self.differences.len() < TOLD {
            let figure = format!("{table} {key:?}");
            self.differences.push(FigureDifference { figure, kept, recounted });
        }
    }
}

/// Whether each value is in the bin that its percentiles are told from.
fn are_binned(measure: &str, bins: &[i32], values: &[i64]) -> bool {
    let is_binned = |(bin, value): (&i32, &i64)| match measure {
        "rating" => i64::from(*bin) == *value,
        measure if TIMES.contains(&measure) => {
            let mut alone = Tally::default();
            alone.add(*bin, 1);
            exact::agrees(&mut [*value], |percents| alone.percentiles(1, percents))
        }
        _ => *bin == 0,
    };
    bins.iter().zip(values).all(is_binned)
}
