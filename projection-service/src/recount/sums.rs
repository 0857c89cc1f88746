//! What a recount adds up, and how that compares with what is kept.

use std::collections::HashMap;
use std::fmt::Debug;

use chrono::{DateTime, Datelike, DurationRound, NaiveDate, TimeDelta, Timelike, Utc};
use domain::stats::sketch::{self, Bins};
use futures::TryStreamExt;
use sqlx::PgConnection;
use uuid::Uuid;

use super::ticket::{History, Said};
use super::{FigureDifference, Offices, Told};

/// How many differences are told.
const TOLD: usize = 20;
/// The measures that are times.
const TIMES: [&str; 6] =
    ["in_status", "first_response", "first_response_working", "resolution", "resolution_working", "handling"];

/// A day's or a month's sum: tenant, dimension, whether of a month, measure, day, key, part.
type DayKey = (Uuid, String, bool, String, NaiveDate, String, String);
/// What happened within an hour of UTC: tenant, measure, part, for whom, hour, bin.
type FactKey = (Uuid, String, String, Option<String>, DateTime<Utc>, i32);

/// Sums by day and by hour.
#[derive(Default)]
pub(super) struct Sums {
    days: HashMap<DayKey, (i64, i64, Bins)>,
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
            let bin = bin(&one);
            let binned = TIMES.contains(&one.measure) || one.measure == "rating";
            let in_day = if binned { bin } else { local.hour() as i32 };
            for (dimension, values) in &keys {
                let values = match &one.agent {
                    Some(agent) if *dimension == "agent" => std::slice::from_ref(agent),
                    _ => values.as_slice(),
                };
                for value in values {
                    let day = local.date_naive();
                    let month = NaiveDate::from_ymd_opt(day.year(), day.month(), 1).unwrap_or(day);
                    for (months, day) in [(false, day), (true, month)] {
                        let (dimension, measure) = ((*dimension).to_owned(), one.measure.to_owned());
                        let key = (tenant, dimension, months, measure, day, value.clone(), one.part.clone());
                        let sum = self.days.entry(key).or_default();
                        sum.0 += 1;
                        sum.1 += one.value;
                        sum.2.add(in_day, 1);
                    }
                }
            }
            let hour = one.at.duration_trunc(TimeDelta::hours(1)).unwrap_or(one.at);
            let key = (tenant, one.measure.to_owned(), one.part, one.agent, hour, bin);
            let sum = self.facts.entry(key).or_default();
            sum.0 += 1;
            sum.1 += one.value;
        }
    }

    /// Compares with what is kept.
    pub(super) async fn compare(&mut self, db: &mut PgConnection) -> Result<Compared, sqlx::Error> {
        let mut compared = Compared::default();
        let mut rows = sqlx::query!(
            "SELECT tenant_id, dimension, months, measure, day, key, part, count, sum, bins FROM days"
        )
        .fetch(&mut *db);
        while let Some(row) = rows.try_next().await? {
            let mut bins = Bins::default();
            bins.unpack(&row.bins);
            let key = (row.tenant_id, row.dimension, row.months, row.measure, row.day, row.key, row.part);
            let found = self.days.remove(&key);
            let same = found.as_ref() == Some(&(row.count, row.sum, bins));
            let recounted = found.map(|(count, sum, _)| (count, sum));
            compared.take("day", &key, same, Some((row.count, row.sum)), recounted);
        }
        drop(rows);
        for (key, (count, sum, _)) in self.days.drain() {
            compared.take("day", &key, false, None, Some((count, sum)));
        }
        let mut rows = sqlx::query!(
            r#"SELECT f.tenant_id, f.measure, f.part, f.agent AS "agent?", f.bin,
                      date_trunc('hour', f.at, 'UTC') AS "hour!", count(*) AS "count!",
                      sum(f.value)::int8 AS "sum!"
               FROM facts AS f JOIN measured AS m USING (ticket_id) WHERE NOT m.hidden
               GROUP BY 1, 2, 3, 4, 5, 6"#
        )
        .fetch(&mut *db);
        while let Some(row) = rows.try_next().await? {
            let key = (row.tenant_id, row.measure, row.part, row.agent, row.hour, row.bin);
            let (kept, found) = ((row.count, row.sum), self.facts.remove(&key));
            compared.take("hour", &key, found == Some(kept), Some(kept), found);
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

fn bin(said: &Said) -> i32 {
    match said.measure {
        "rating" => said.value as i32,
        measure if TIMES.contains(&measure) => sketch::bin(said.value),
        _ => 0,
    }
}
