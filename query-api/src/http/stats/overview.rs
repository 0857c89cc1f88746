//! `GET /v1/stats`: how the work went, in a period and by groups.

use axum::extract::State;
use domain::stats::Measure;
use serde::Serialize;
use utoipa::ToSchema;

use super::cells::{CellsQuery, Duration, Figures, GroupKey, Ratings, find, open};
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::http::refusals::Refusals;
use crate::time::Time;

const MEASURES: [Measure; 8] = [
    Measure::Created,
    Measure::Resolved,
    Measure::Closed,
    Measure::Reopened,
    Measure::HandedOver,
    Measure::FirstResponse,
    Measure::Resolution,
    Measure::Rating,
];

/// How the work went.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketFigures)]
pub(crate) struct Overview {
    /// Tickets that were opened.
    #[schema(example = 420)]
    created: i64,
    /// Times that a ticket was resolved; closing one that wasn't counts too.
    #[schema(example = 400)]
    resolved: i64,
    /// Times that a ticket was closed.
    #[schema(example = 390)]
    closed: i64,
    /// Times that a ticket was reopened.
    #[schema(example = 12)]
    reopened: i64,
    /// Times reopened by times resolved, to four places; null where nothing was resolved.
    #[schema(example = 0.03)]
    reopen_rate: Option<f64>,
    /// Times that a ticket went from one agent or team to another.
    #[schema(example = 130)]
    handed_over: i64,
    /// From the opening to an agent's first public reply, of tickets that were answered in the period.
    first_response: Duration,
    /// From the opening to the resolving that stands, of tickets that were resolved in the period.
    resolution: Duration,
    /// The ratings that stand, given in the period.
    rating: Ratings,
}

/// The figures of a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketFiguresGroup)]
pub(crate) struct Group {
    /// What the group has in common, by the names in `group_by`; null: nobody's, or none. Of `day`, `week`
    /// and `month` the local date on which it began, of `hour` the moment.
    #[schema(value_type = Object, example = json!({"priority": "high", "month": "2026-01-01"}))]
    key: GroupKey,
    #[serde(flatten)]
    figures: Overview,
}

/// How the work went, by groups and in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketStats)]
pub(crate) struct Stats {
    /// As asked, to the quarter of an hour.
    from: Option<Time>,
    /// As asked, to the quarter of an hour.
    to: Option<Time>,
    /// By what it is counted.
    #[schema(example = json!(["priority", "month"]))]
    group_by: Vec<String>,
    /// The groups that have any, in the order of their keys; none where nothing was grouped by.
    items: Vec<Group>,
    /// All of them.
    total: Overview,
}

/// How the work went: tickets opened, resolved, closed and reopened, how long answers and resolutions
/// took, and how they were rated.
///
/// Everything counts when it happened, and under what its ticket is now: one that changes its category or
/// its agent takes its figures along; spam and deleted tickets count nowhere. Counts, sums and means are
/// exact, percentiles within 1 %.
#[utoipa::path(
    get, path = "/v1/stats", operation_id = "get_stats", tag = "Statistics",
    params(CellsQuery, Freshness),
    responses((status = 200, description = "The figures.", body = Stats), Refusals),
)]
pub(crate) async fn get_stats(
    State(api): State<QueryApi>,
    asking: Asking,
    Asked(query): Asked<CellsQuery>,
) -> Result<Answer<Stats>, QueryError> {
    stats(&api, &asking, query).await
}

/// The figures that were asked for.
pub(super) async fn stats(
    api: &QueryApi,
    asking: &Asking,
    query: CellsQuery,
) -> Result<Answer<Stats>, QueryError> {
    let mut snapshot = open(api, asking).await?;
    let found = find(&mut snapshot, asking, &query, &MEASURES).await?;
    let position = snapshot.position;
    snapshot.close().await?;
    let grouped = !query.group_by.is_empty();
    let groups = found.groups.iter().filter(|_| grouped);
    let items =
        groups.map(|(key, figures)| Group { key: key.clone(), figures: Overview::of(figures) }).collect();
    let stats = Stats {
        from: query.from.map(Time),
        to: query.to.map(Time),
        group_by: query.group_by,
        items,
        total: Overview::of(&found.total),
    };
    Ok(Answer::at(position, stats))
}

impl Overview {
    fn of(figures: &Figures) -> Self {
        let (resolved, reopened) = (figures.count(Measure::Resolved), figures.count(Measure::Reopened));
        let rate = || (reopened as f64 / resolved as f64 * 1e4).round() / 1e4;
        Self {
            created: figures.count(Measure::Created),
            resolved,
            closed: figures.count(Measure::Closed),
            reopened,
            reopen_rate: (resolved > 0).then(rate),
            handed_over: figures.count(Measure::HandedOver),
            first_response: figures.duration(Measure::FirstResponse),
            resolution: figures.duration(Measure::Resolution),
            rating: figures.ratings(),
        }
    }
}
