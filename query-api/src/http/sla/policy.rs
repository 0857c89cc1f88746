//! `GET /v1/sla/policies/{key}`: one policy.

use axum::extract::State;
use service_kit::http::Path;

use super::policies::PolicyView;
use super::{KeyPath, governing};
use crate::QueryApi;
use crate::answer::Answer;
use crate::as_of::{AsOf, AsOfParameter};
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::http::refusals::Refusals;

/// One of the tenant's policies, as it is or as it was.
#[utoipa::path(
    get, path = "/v1/sla/policies/{key}", operation_id = "get_sla_policy", tag = "Service levels",
    params(KeyPath, AsOfParameter, Freshness),
    responses(
        (status = 200, description = "The policy; `ETag` is the version of all policies and calendars.",
         body = PolicyView, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 422, description = "`as_of_in_future`", body = service_kit::problem::ProblemSchema,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(crate) async fn get_sla_policy(
    State(api): State<QueryApi>,
    asking: Asking,
    Path(key): Path<String>,
    Asked(as_of): Asked<AsOf>,
) -> Result<Answer<PolicyView>, QueryError> {
    let (position, governing) = governing(&api, &asking, as_of).await?;
    let found = PolicyView::all(governing.configuration()).find(|policy| policy.key() == key);
    let policy = found.ok_or(QueryError::NotFound)?;
    Ok(Answer::at(position, policy).version(governing.version()))
}
