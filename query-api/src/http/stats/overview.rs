//! `GET /v1/stats`: how the work went, in a period and by groups.

use axum::extract::State;
use axum::response::Response;
use domain::stats::Measure;
use serde::Serialize;
use utoipa::ToSchema;

use super::figures::{Cost, Durations, Figures, GroupKey, Ratings, StatusTime, part_of};
use super::find::Reading;
use super::query::StatsQuery;
use crate::QueryApi;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::export::Accepted;
use crate::http::refusals::Refusals;
use crate::time::Time;

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
    /// Tickets whose resolving stands, that were never reopened and took one agent's reply at most.
    #[schema(example = 180)]
    resolved_on_first_contact: i64,
    /// Those by all whose resolving stands, to four places; null where none does.
    #[schema(example = 0.45)]
    first_contact_rate: Option<f64>,
    /// Times that a ticket was given to an agent; by agent, to whom.
    #[schema(example = 510)]
    assigned: i64,
    /// Times that a ticket went from one agent or team to another.
    #[schema(example = 130)]
    handed_over: i64,
    /// Those by tickets opened, to four places; null where none was opened.
    #[schema(example = 0.31)]
    hand_overs_per_ticket: Option<f64>,
    /// Public replies of agents; by agent, who wrote them.
    #[schema(example = 930)]
    replies: i64,
    /// From the opening to an agent's first public reply, of tickets that were answered in the period; by
    /// the clock on the wall.
    first_response: Durations,
    /// The same in working time.
    first_response_working: Durations,
    /// From the opening to the resolving that stands, of tickets that were resolved in the period; by the
    /// clock on the wall.
    resolution: Durations,
    /// The same in working time.
    resolution_working: Durations,
    /// Working time in which an agent had the ticket and it was in work, of the same tickets.
    handling: Durations,
    /// How long tickets were in each status that they left in the period, by the clock on the wall.
    time_in_status: Vec<StatusTime>,
    /// The ratings that stand, given in the period.
    rating: Ratings,
    /// Tickets that were resolved in the period and aren't rated.
    #[schema(example = 360)]
    unrated: i64,
    /// The part of the tickets resolved in the period that is rated, to four places; null of none.
    #[schema(example = 0.1)]
    rating_response_rate: Option<f64>,
    /// What the work on tickets cost that were resolved in the period, where the tenant has hourly rates.
    cost: Vec<Cost>,
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
    /// As asked.
    from: Option<Time>,
    /// As asked.
    to: Option<Time>,
    /// In which days begin.
    #[schema(example = "Europe/Berlin")]
    time_zone: &'static str,
    /// By what it is counted.
    #[schema(example = json!(["priority", "month"]))]
    group_by: Vec<String>,
    /// The groups that have any, in the order of their keys; none where nothing was grouped by.
    items: Vec<Group>,
    /// All of them.
    total: Overview,
}

/// How the work went: tickets opened, resolved, closed and reopened, how long answers and resolutions
/// took, what they cost, and how they were rated.
///
/// Everything counts when it happened, and under what its ticket is now: one that changes its category or
/// its agent takes its figures along; spam and deleted tickets count nowhere. Counts, sums and means are
/// exact, percentiles within 1 %. `ETag` stays while no figure of the tenant changes.
#[utoipa::path(
    get, path = "/v1/stats", operation_id = "get_stats", tag = "Statistics",
    params(StatsQuery, Freshness),
    responses(
        (status = 200, description = "The figures; or a line for each group with its `key`, as a file.", content(
            (Stats = "application/json"),
            (String = "text/csv"),
            (Overview = "application/x-ndjson"),
        )),
        (status = 304, description = "As they were, by `If-None-Match`."),
        (status = 422, description = "`as_of_in_future`", body = service_kit::problem::ProblemSchema,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(crate) async fn get_stats(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(query): Asked<StatsQuery>,
) -> Result<Response, QueryError> {
    let mut reading = Reading::begin(&api, &asking, &query).await?;
    if let Some(unchanged) = reading.unchanged(&asking, file.as_ref()) {
        return Ok(unchanged);
    }
    let found = reading.find(&query, Measure::ALL).await?;
    let grouped = !query.group_by.is_empty();
    let groups = found.groups.iter().filter(|_| grouped);
    let items =
        groups.map(|(key, figures)| Group { key: key.clone(), figures: Overview::of(figures) }).collect();
    let stats = Stats {
        from: query.from.map(Time),
        to: query.to.map(Time),
        time_zone: reading.zone(&query).name(),
        group_by: query.group_by,
        items,
        total: Overview::of(&found.total),
    };
    reading.answer(&api, file, "stats", stats).await
}

impl Overview {
    /// The figures of a group.
    pub(crate) fn of(figures: &Figures) -> Self {
        let count = |measure| figures.count(measure);
        let solved = count(Measure::Resolution);
        Self {
            created: count(Measure::Created),
            resolved: count(Measure::Resolved),
            closed: count(Measure::Closed),
            reopened: count(Measure::Reopened),
            reopen_rate: figures.rate(Measure::Reopened, Measure::Resolved),
            resolved_on_first_contact: count(Measure::FirstContact),
            first_contact_rate: figures.rate(Measure::FirstContact, Measure::Resolution),
            assigned: count(Measure::Assigned),
            handed_over: count(Measure::HandedOver),
            hand_overs_per_ticket: figures.rate(Measure::HandedOver, Measure::Created),
            replies: count(Measure::Replies),
            first_response: figures.duration(Measure::FirstResponse),
            first_response_working: figures.duration(Measure::FirstResponseWorking),
            resolution: figures.duration(Measure::Resolution),
            resolution_working: figures.duration(Measure::ResolutionWorking),
            handling: figures.duration(Measure::Handling),
            time_in_status: figures.statuses(),
            rating: figures.ratings(),
            unrated: count(Measure::Unrated),
            rating_response_rate: part_of(solved - count(Measure::Unrated), solved),
            cost: figures.costs(),
        }
    }
}
