//! The figures of a group, and how they are told.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use domain::stats::Measure;
use domain::stats::sketch::Tally;
use serde::Serialize;
use utoipa::ToSchema;

/// The key of a group, by the names in `group_by`; null: nobody's, or none. Of `day`, `week` and `month`
/// the local date on which it began, of `hour` the moment.
pub(crate) type GroupKey = BTreeMap<String, Option<String>>;

/// What was counted of a measure, or of one of its parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sum {
    /// How often.
    pub(crate) count: i64,
    /// Of what.
    pub(crate) total: i64,
    /// How often in each bin.
    pub(crate) bins: Tally,
}

/// The figures of a group: of each measure, and of each of its parts, what was counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures(Vec<((Measure, String), Sum)>);

/// Most parts are the empty one, of which glibc's comparison takes some 100 ns where processors have AVX-512: it
/// loads nothing from nowhere, which they do by way of a fault.
fn order(key: &(Measure, String), measure: Measure, part: &str) -> Ordering {
    key.0.cmp(&measure).then_with(|| {
        if key.1.is_empty() || part.is_empty() {
            key.1.len().cmp(&part.len())
        } else {
            key.1.as_str().cmp(part)
        }
    })
}

/// How long something took, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Durations {
    /// Of how many.
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

/// How long tickets were in a status.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct StatusTime {
    /// The status.
    #[schema(example = "in_progress")]
    pub(crate) status: String,
    #[serde(flatten)]
    time: Durations,
}

/// What work cost, in a currency.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Cost {
    /// The currency, ISO 4217.
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// Of how many tickets.
    #[schema(example = 181)]
    tickets: i64,
    /// In hundredths of the currency's unit.
    #[schema(example = 814_500)]
    total: i64,
    /// By ticket, in hundredths of the currency's unit, to two places.
    #[schema(example = 4500.0)]
    per_ticket: f64,
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

impl Sum {
    fn duration(&self) -> Durations {
        let Self { count, total, bins } = self;
        let told = bins.percentiles(*count, [50.0, 90.0, 99.0]);
        let [p50_seconds, p90_seconds, p99_seconds] = told.map(|told| Some(told?.round() / 1e3));
        Durations {
            count: *count,
            mean_seconds: (*count > 0).then(|| (*total as f64 / *count as f64).round() / 1e3),
            p50_seconds,
            p90_seconds,
            p99_seconds,
        }
    }
}

impl Figures {
    /// What was counted of a measure, to be added to.
    pub(crate) fn of(&mut self, measure: Measure, part: &str) -> &mut Sum {
        let place = match self.0.binary_search_by(|(key, _)| order(key, measure, part)) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, ((measure, part.to_owned()), Sum::default()));
                place
            }
        };
        &mut self.0[place].1
    }

    /// Adds all of another's.
    pub(crate) fn merge(&mut self, other: &Self) {
        for ((measure, part), from) in &other.0 {
            let sum = self.of(*measure, part);
            sum.count += from.count;
            sum.total += from.total;
            sum.bins.merge(&from.bins);
        }
    }

    fn parts(&self, measure: Measure) -> impl Iterator<Item = (&String, &Sum)> {
        let first = self.0.partition_point(|((known, _), _)| *known < measure);
        let rest = self.0[first..].iter().take_while(move |((known, _), _)| *known == measure);
        rest.map(|((_, part), sum)| (part, sum))
    }

    /// How often.
    pub(crate) fn count(&self, measure: Measure) -> i64 {
        self.parts(measure).map(|(_, sum)| sum.count).sum()
    }

    /// The sum of what was counted.
    pub(crate) fn sum(&self, measure: Measure) -> i64 {
        self.parts(measure).map(|(_, sum)| sum.total).sum()
    }

    /// The part of `whole` that `measure` is, to four places; none of nothing.
    pub(crate) fn rate(&self, measure: Measure, whole: Measure) -> Option<f64> {
        part_of(self.count(measure), self.count(whole))
    }

    /// How long.
    pub(crate) fn duration(&self, measure: Measure) -> Durations {
        let none = Sum::default();
        self.parts(measure).next().map_or(&none, |(_, sum)| sum).duration()
    }

    /// How long in each status that was left.
    pub(crate) fn statuses(&self) -> Vec<StatusTime> {
        self.parts(Measure::InStatus)
            .map(|(status, sum)| StatusTime { status: status.clone(), time: sum.duration() })
            .collect()
    }

    /// What it cost.
    pub(crate) fn costs(&self) -> Vec<Cost> {
        let cost = |(currency, sum): (&String, &Sum)| Cost {
            currency: currency.clone(),
            tickets: sum.count,
            total: sum.total,
            per_ticket: (sum.total as f64 / sum.count as f64 * 100.0).round() / 100.0,
        };
        self.parts(Measure::Cost).filter(|(_, sum)| sum.count > 0).map(cost).collect()
    }

    /// How well.
    pub(crate) fn ratings(&self) -> Ratings {
        let bins = self.parts(Measure::Rating).next().map(|(_, sum)| sum.bins.bins()).unwrap_or_default();
        let distribution = [1, 2, 3, 4, 5].map(|rating| bins.count(rating));
        let count: i64 = distribution.iter().sum();
        let sum: i64 = distribution.iter().zip(1..).map(|(count, rating)| count * rating).sum();
        let mean = (count > 0).then(|| (sum as f64 / count as f64 * 100.0).round() / 100.0);
        Ratings { count, mean, distribution }
    }
}

/// A part of a whole, to four places; none of nothing.
pub(crate) fn part_of(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64 * 1e4).round() / 1e4)
}
