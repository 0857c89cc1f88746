//! `GET /v1/stats/dashboard`: how things stand at this moment; and the same as it changes.

mod figures;
mod follow;

pub(crate) use figures::Dashboard;
pub(crate) use follow::{__path_follow_dashboard, Dashboards, follow_dashboard};

use axum::extract::State;

use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::http::queue::list::Nothing;
use crate::http::refusals::Refusals;

/// How things stand at this moment: what is open, how it stands with what was promised, and what the last day
/// and week have brought.
#[utoipa::path(
    get, path = "/v1/stats/dashboard", operation_id = "get_dashboard", tag = "Statistics",
    params(Freshness),
    responses((status = 200, description = "The figures.", body = Dashboard), Refusals),
)]
pub(crate) async fn get_dashboard(
    State(api): State<QueryApi>,
    asking: Asking,
    Asked(Nothing): Asked<Nothing>,
) -> Result<Answer<Dashboard>, QueryError> {
    let mut snapshot = api.snapshot(&asking, figures::SOURCE).await?;
    let dashboard = Dashboard::read(&api, &mut snapshot, asking.principal.tenant).await?;
    let position = snapshot.position;
    snapshot.close().await?;
    Ok(Answer::at(position, dashboard))
}
