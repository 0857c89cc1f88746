//! Figures of a period, by groups: what all statistics but service levels are made of.

mod query;

use std::collections::BTreeMap;

use domain::stats::{Measure, sketch};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use self::query::CellsQuery;
use crate::QueryApi;
use crate::asking::Asking;
use crate::error::QueryError;
use crate::parameters::BadParameter;
use crate::snapshot::{ReadModel, Snapshot, Source};

/// The most rows that are added up for one answer.
const MOST: usize = 400_000;

#[derive(Debug, sqlx::FromRow)]
struct CellRow {
    key: Vec<Option<String>>,
    measure: String,
    bin: i32,
    count: i64,
    sum: i64,
}

/// The key of a group, by the names in `group_by`; null: nobody's, or none. Of `day`, `week` and `month`
/// the local date on which it began, of `hour` the moment.
pub(crate) type GroupKey = BTreeMap<String, Option<String>>;

/// The figures of a group: of each measure its bins in order, with count and sum.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures(BTreeMap<Measure, BTreeMap<i32, (i64, i64)>>);

/// How long something took, in seconds by the clock on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Duration {
    /// Of how many tickets.
    #[schema(example = 181)]
    count: i64,
    /// Their mean; exact to the millisecond.
    #[schema(example = 5400.5)]
    mean_seconds: Option<f64>,
    /// Half took at most so long; within 1 % of it.
    p50_seconds: Option<f64>,
    /// Nine of ten took at most so long; within 1 % of it.
    p90_seconds: Option<f64>,
    /// 99 of 100 took at most so long; within 1 % of it.
    p99_seconds: Option<f64>,
}

/// How the help was rated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Ratings {
    /// Tickets that are rated.
    #[schema(example = 40)]
    count: i64,
    /// The mean, to two places.
    #[schema(example = 4.35)]
    mean: Option<f64>,
    /// How many gave 1, 2, 3, 4 and 5.
    #[schema(example = json!([1, 1, 4, 11, 23]))]
    distribution: [i64; 5],
}

impl Figures {
    /// How often.
    pub(crate) fn count(&self, measure: Measure) -> i64 {
        self.0.get(&measure).map_or(0, |bins| bins.values().map(|(count, _)| count).sum())
    }

    /// The sum of what was counted.
    pub(crate) fn sum(&self, measure: Measure) -> i64 {
        self.0.get(&measure).map_or(0, |bins| bins.values().map(|(_, sum)| sum).sum())
    }

    /// How long.
    pub(crate) fn duration(&self, measure: Measure) -> Duration {
        let none = BTreeMap::new();
        let bins = self.0.get(&measure).unwrap_or(&none);
        let counts: Vec<(i32, i64)> = bins.iter().map(|(bin, (count, _))| (*bin, *count)).collect();
        let count: i64 = counts.iter().map(|(_, count)| count).sum();
        let sum: i64 = bins.values().map(|(_, sum)| sum).sum();
        let percentile = |percent| sketch::percentile(&counts, percent).map(|told| told.round() / 1e3);
        Duration {
            count,
            mean_seconds: (count > 0).then(|| (sum as f64 / count as f64).round() / 1e3),
            p50_seconds: percentile(50.0),
            p90_seconds: percentile(90.0),
            p99_seconds: percentile(99.0),
        }
    }

    /// How well.
    pub(crate) fn ratings(&self) -> Ratings {
        let of = |rating: i32| self.0.get(&Measure::Rating).and_then(|bins| bins.get(&rating));
        let distribution = [1, 2, 3, 4, 5].map(|rating| of(rating).map_or(0, |(count, _)| *count));
        let count: i64 = distribution.iter().sum();
        let sum: i64 = distribution.iter().zip(1..).map(|(count, rating)| count * rating).sum();
        let mean = (count > 0).then(|| (sum as f64 / count as f64 * 100.0).round() / 100.0);
        Ratings { count, mean, distribution }
    }

    fn add(&mut self, measure: Measure, bin: i32, count: i64, sum: i64) {
        let entry = self.0.entry(measure).or_default().entry(bin).or_default();
        entry.0 += count;
        entry.1 += sum;
    }
}

/// Figures by group, in the order of their keys, and those of all.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) groups: Vec<(GroupKey, Figures)>,
    pub(crate) total: Figures,
}

/// Opens what figures are read from.
pub(crate) async fn open(api: &QueryApi, asking: &Asking) -> Result<Snapshot, QueryError> {
    api.snapshot(asking, Source::Models(&[ReadModel::Stats])).await
}

/// Looks up what was asked, of these measures.
pub(crate) async fn find(
    snapshot: &mut Snapshot,
    asking: &Asking,
    query: &CellsQuery,
    measures: &[Measure],
) -> Result<Found, QueryError> {
    let mut sql = query.sql(asking.principal.tenant.0, measures, MOST as i64 + 1);
    let rows: Vec<CellRow> =
        sql.build_query_as().fetch_all(&mut *snapshot.tx).await.map_err(super::sla::refused)?;
    if rows.len() > MOST {
        let detail = "that is too much at once; ask for a shorter time, or for longer periods";
        return Err(BadParameter::invalid("group_by", detail).into());
    }
    let mut found = Found::default();
    for row in rows {
        let Some(measure) = Measure::named(&row.measure) else { continue };
        let key: GroupKey = query.group_by.iter().cloned().zip(row.key).collect();
        found.total.add(measure, row.bin, row.count, row.sum);
        match found.groups.last_mut() {
            Some((last, figures)) if *last == key => figures.add(measure, row.bin, row.count, row.sum),
            _ => {
                let mut figures = Figures::default();
                figures.add(measure, row.bin, row.count, row.sum);
                found.groups.push((key, figures));
            }
        }
    }
    Ok(found)
}
