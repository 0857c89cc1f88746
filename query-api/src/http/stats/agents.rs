//! `GET /v1/stats/agents`: how the work went, by the agent who has the ticket.

use axum::extract::State;

use super::cells::CellsQuery;
use super::overview::{Stats, stats};
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::http::refusals::Refusals;

/// How the work went, by the agent who has the ticket now: `/v1/stats` with `group_by=agent`, unless
/// something else is said.
#[utoipa::path(
    get, path = "/v1/stats/agents", operation_id = "get_agent_stats", tag = "Statistics",
    params(CellsQuery, Freshness),
    responses((status = 200, description = "The figures.", body = Stats), Refusals),
)]
pub(crate) async fn get_agent_stats(
    State(api): State<QueryApi>,
    asking: Asking,
    Asked(query): Asked<CellsQuery>,
) -> Result<Answer<Stats>, QueryError> {
    stats(&api, &asking, query.or_by("agent")).await
}
