//! `GET /v1/stats/satisfaction`: how the help was rated.

use axum::extract::State;
use axum::response::Response;
use domain::stats::Measure;
use serde::Serialize;
use utoipa::ToSchema;

use super::figures::{Figures, GroupKey, Ratings, part_of};
use super::find::Reading;
use super::query::StatsQuery;
use crate::QueryApi;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::export::Accepted;
use crate::http::refusals::Refusals;

/// How the help was rated, and by how many.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Satisfied {
    #[serde(flatten)]
    ratings: Ratings,
    /// Tickets that were resolved in the period and aren't rated.
    #[schema(example = 360)]
    unrated: i64,
    /// The part of the tickets resolved in the period that is rated, to four places; null of none.
    #[schema(example = 0.1)]
    response_rate: Option<f64>,
}

/// A group's ratings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SatisfactionGroup {
    /// What the group has in common, by the names in `group_by`.
    #[schema(value_type = Object, example = json!({"agent": "amir"}))]
    key: GroupKey,
    #[serde(flatten)]
    satisfied: Satisfied,
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
    total: Satisfied,
}

/// How the help was rated: of each ticket the rating that stands, when it was given.
#[utoipa::path(
    get, path = "/v1/stats/satisfaction", operation_id = "get_satisfaction", tag = "Statistics",
    params(StatsQuery, Freshness),
    responses(
        (status = 200, description = "The ratings; or a line for each group with its `key`, as a file.", content(
            (Satisfaction = "application/json"),
            (String = "text/csv"),
            (Satisfied = "application/x-ndjson"),
        )),
        (status = 304, description = "As they were, by `If-None-Match`."),
        (status = 422, description = "`as_of_in_future`", body = service_kit::problem::ProblemSchema,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(crate) async fn get_satisfaction(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(query): Asked<StatsQuery>,
) -> Result<Response, QueryError> {
    let mut reading = Reading::begin(&api, &asking, &query).await?;
    if let Some(unchanged) = reading.unchanged(&asking, file.as_ref()) {
        return Ok(unchanged);
    }
    let measures = [Measure::Rating, Measure::Unrated, Measure::Resolution];
    let found = reading.find(&query, &measures).await?;
    let grouped = !query.group_by.is_empty();
    let group =
        |(key, figures): (GroupKey, Figures)| SatisfactionGroup { key, satisfied: Satisfied::of(&figures) };
    let satisfaction = Satisfaction {
        items: found.groups.into_iter().filter(|_| grouped).map(group).collect(),
        total: Satisfied::of(&found.total),
        group_by: query.group_by,
    };
    reading.answer(&api, file, "satisfaction", satisfaction).await
}

impl Satisfied {
    fn of(figures: &Figures) -> Self {
        let (solved, unrated) = (figures.count(Measure::Resolution), figures.count(Measure::Unrated));
        Self { ratings: figures.ratings(), unrated, response_rate: part_of(solved - unrated, solved) }
    }
}
