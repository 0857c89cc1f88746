//! `GET /v1/stats/volume`: how much came in and went out, by day or another period.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use domain::stats::Measure;
use serde::Serialize;
use utoipa::ToSchema;

use super::figures::{Figures, GroupKey};
use super::find::Reading;
use super::query::StatsQuery;
use crate::QueryApi;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::export::Accepted;
use crate::http::refusals::Refusals;

/// How much came in and went out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Volume {
    /// Tickets that were opened.
    #[schema(example = 42)]
    created: i64,
    /// Times that a ticket was resolved; closing one that wasn't counts too.
    #[schema(example = 40)]
    resolved: i64,
    /// Times that a ticket was closed.
    #[schema(example = 39)]
    closed: i64,
    /// Times that a ticket was reopened.
    #[schema(example = 1)]
    reopened: i64,
    /// Tickets that were to be worked on when the period ended, or at `to`.
    #[schema(example = 57)]
    backlog: i64,
}

/// A period's, or another group's.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VolumeGroup {
    /// What the group has in common, by the names in `group_by`. Of `day`, `week` and `month` the local
    /// date on which it began, of `hour` the moment.
    #[schema(value_type = Object, example = json!({"day": "2026-01-31"}))]
    key: GroupKey,
    #[serde(flatten)]
    volume: Volume,
}

/// How much came in and went out, by groups and in all. Periods in which nothing happened aren't there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Volumes {
    /// By what it is counted.
    #[schema(example = json!(["day"]))]
    group_by: Vec<String>,
    /// The groups that have any, in the order of their keys.
    items: Vec<VolumeGroup>,
    /// All of them.
    total: Volume,
}

/// Tickets opened, resolved, closed and reopened: by day, unless something else is said.
#[utoipa::path(
    get, path = "/v1/stats/volume", operation_id = "get_volume", tag = "Statistics",
    params(StatsQuery, Freshness),
    responses(
        (status = 200, description = "The counts; or a line for each group with its `key`, as a file.", content(
            (Volumes = "application/json"),
            (String = "text/csv"),
            (Volume = "application/x-ndjson"),
        )),
        (status = 304, description = "As they were, by `If-None-Match`."),
        (status = 422, description = "`as_of_in_future`", body = service_kit::problem::ProblemSchema,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(crate) async fn get_volume(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(query): Asked<StatsQuery>,
) -> Result<Response, QueryError> {
    let query = query.or_by("day");
    let measures = [Measure::Created, Measure::Resolved, Measure::Closed, Measure::Reopened];
    let mut reading = Reading::begin(&api, &asking, &query).await?;
    if let Some(unchanged) = reading.unchanged(&asking, file.as_ref()) {
        return Ok(unchanged);
    }
    let found = reading.find(&query, &measures).await?;
    let moves = reading.find(&query.since_the_beginning(), &[Measure::Backlog]).await?;
    let levels = Levels::of(moves.groups, query.period_name());
    let group = |(key, figures): (GroupKey, Figures)| {
        let backlog = levels.at(&key, query.period_name());
        VolumeGroup { key, volume: Volume::of(&figures, backlog) }
    };
    let volumes = Volumes {
        items: found.groups.into_iter().map(group).collect(),
        total: Volume::of(&found.total, moves.total.sum(Measure::Backlog)),
        group_by: query.group_by.clone(),
    };
    reading.answer(&api, file, "volume", volumes).await
}

/// The backlog of each group, period by period.
struct Levels(BTreeMap<GroupKey, BTreeMap<Option<String>, i64>>);

impl Levels {
    /// Adds up what came and went in the order of time.
    fn of(moves: Vec<(GroupKey, Figures)>, period: Option<&str>) -> Self {
        let mut levels: BTreeMap<GroupKey, BTreeMap<Option<String>, i64>> = BTreeMap::new();
        for (key, figures) in moves {
            let (group, when) = apart(&key, period);
            *levels.entry(group).or_default().entry(when).or_default() += figures.sum(Measure::Backlog);
        }
        for group in levels.values_mut() {
            let mut level = 0;
            for moved in group.values_mut() {
                level += *moved;
                *moved = level;
            }
        }
        Self(levels)
    }

    /// The backlog when a group's period ended.
    fn at(&self, key: &GroupKey, period: Option<&str>) -> i64 {
        let (group, when) = apart(key, period);
        let last = |levels: &BTreeMap<_, i64>| levels.range(..=when).next_back().map(|(_, level)| *level);
        self.0.get(&group).and_then(last).unwrap_or_default()
    }
}

/// A group without its period, and the period. Dates and times as text are in the order of time.
fn apart(key: &GroupKey, period: Option<&str>) -> (GroupKey, Option<String>) {
    let mut group = key.clone();
    let when = period.and_then(|name| group.remove(name)).flatten();
    (group, when)
}

impl Volume {
    fn of(figures: &Figures, backlog: i64) -> Self {
        Self {
            created: figures.count(Measure::Created),
            resolved: figures.count(Measure::Resolved),
            closed: figures.count(Measure::Closed),
            reopened: figures.count(Measure::Reopened),
            backlog,
        }
    }
}
