//! `GET /v1/stats/volume`: how much came in and went out, by day or another period.

use axum::extract::State;
use domain::stats::Measure;
use serde::Serialize;
use utoipa::ToSchema;

use super::cells::{CellsQuery, Figures, GroupKey, find};
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
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
    params(CellsQuery, Freshness),
    responses((status = 200, description = "The counts.", body = Volumes), Refusals),
)]
pub(crate) async fn get_volume(
    State(api): State<QueryApi>,
    asking: Asking,
    Asked(query): Asked<CellsQuery>,
) -> Result<Answer<Volumes>, QueryError> {
    let query = query.or_by("day");
    let measures = [Measure::Created, Measure::Resolved, Measure::Closed, Measure::Reopened];
    let found = find(&api, &asking, &query, &measures).await?;
    let group = |(key, figures): (GroupKey, Figures)| VolumeGroup { key, volume: Volume::of(&figures) };
    let volumes = Volumes {
        group_by: query.group_by,
        items: found.groups.into_iter().map(group).collect(),
        total: Volume::of(&found.total),
    };
    Ok(Answer::at(found.position, volumes))
}

impl Volume {
    fn of(figures: &Figures) -> Self {
        Self {
            created: figures.count(Measure::Created),
            resolved: figures.count(Measure::Resolved),
            closed: figures.count(Measure::Closed),
            reopened: figures.count(Measure::Reopened),
        }
    }
}
