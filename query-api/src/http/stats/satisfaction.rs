//! `GET /v1/stats/satisfaction`: how the help was rated.

use axum::extract::State;
use domain::stats::Measure;
use serde::Serialize;
use utoipa::ToSchema;

use super::cells::{CellsQuery, Figures, GroupKey, Ratings, find, open};
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::http::refusals::Refusals;

/// A group's ratings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SatisfactionGroup {
    /// What the group has in common, by the names in `group_by`.
    #[schema(value_type = Object, example = json!({"agent": "amir"}))]
    key: GroupKey,
    #[serde(flatten)]
    ratings: Ratings,
}

/// How the help was rated, by groups and in all.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Satisfaction {
    /// By what it is counted.
    #[schema(example = json!(["agent"]))]
    group_by: Vec<String>,
    /// The groups that have any, in the order of their keys; none where nothing was grouped by.
    items: Vec<SatisfactionGroup>,
    /// All of them.
    total: Ratings,
}

/// How the help was rated: of each ticket the rating that stands, when it was given.
#[utoipa::path(
    get, path = "/v1/stats/satisfaction", operation_id = "get_satisfaction", tag = "Statistics",
    params(CellsQuery, Freshness),
    responses((status = 200, description = "The ratings.", body = Satisfaction), Refusals),
)]
pub(crate) async fn get_satisfaction(
    State(api): State<QueryApi>,
    asking: Asking,
    Asked(query): Asked<CellsQuery>,
) -> Result<Answer<Satisfaction>, QueryError> {
    let mut snapshot = open(&api, &asking).await?;
    let found = find(&mut snapshot, &asking, &query, &[Measure::Rating]).await?;
    let position = snapshot.position;
    snapshot.close().await?;
    let grouped = !query.group_by.is_empty();
    let group = |(key, figures): (GroupKey, Figures)| SatisfactionGroup { key, ratings: figures.ratings() };
    let satisfaction = Satisfaction {
        group_by: query.group_by,
        items: found.groups.into_iter().filter(|_| grouped).map(group).collect(),
        total: found.total.ratings(),
    };
    Ok(Answer::at(position, satisfaction))
}
