//! `GET /v1/calendars/{key}`: one calendar.

use axum::extract::State;
use service_kit::http::Path;

use super::calendars::CalendarView;
use super::{KeyPath, governing};
use crate::QueryApi;
use crate::answer::Answer;
use crate::as_of::{AsOf, AsOfParameter};
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::http::refusals::Refusals;

/// One of the tenant's calendars, as it is or as it was.
#[utoipa::path(
    get, path = "/v1/calendars/{key}", operation_id = "get_calendar", tag = "Service levels",
    params(KeyPath, AsOfParameter, Freshness),
    responses(
        (status = 200, description = "The calendar; `ETag` is the version of all policies and calendars.",
         body = CalendarView, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 422, description = "`as_of_in_future`", body = service_kit::problem::ProblemSchema,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(crate) async fn get_calendar(
    State(api): State<QueryApi>,
    asking: Asking,
    Path(key): Path<String>,
    Asked(as_of): Asked<AsOf>,
) -> Result<Answer<CalendarView>, QueryError> {
    let (position, governing) = governing(&api, &asking, as_of).await?;
    let found = governing.configuration().calendars.get(&key).cloned();
    let calendar = found.ok_or(QueryError::NotFound)?;
    Ok(Answer::at(position, CalendarView { key, calendar }).version(governing.version()))
}
