//! `GET /v1/calendars`: a tenant's calendars.

use axum::extract::State;
use domain::sla::calendar::CalendarSpec;
use serde::Serialize;
use utoipa::ToSchema;

use super::governing;
use crate::QueryApi;
use crate::answer::Answer;
use crate::as_of::{AsOf, AsOfParameter};
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::http::refusals::Refusals;

/// A calendar with its key.
#[derive(Serialize, ToSchema)]
#[schema(as = KeyedCalendar)]
pub(crate) struct CalendarView {
    /// What policies name it by.
    #[schema(example = "office")]
    pub(crate) key: String,
    #[serde(flatten)]
    pub(crate) calendar: CalendarSpec,
}

/// A tenant's calendars.
#[derive(Serialize, ToSchema)]
pub(crate) struct Calendars {
    /// By key.
    items: Vec<CalendarView>,
    /// The version of the configuration that they are all in; what `If-Match` takes.
    #[schema(example = 0)]
    version: i64,
}

/// The tenant's calendars, as they are or as they were.
#[utoipa::path(
    get, path = "/v1/calendars", operation_id = "list_calendars", tag = "Service levels",
    params(AsOfParameter, Freshness),
    responses(
        (status = 200, description = "The calendars; `ETag` is their version.", body = Calendars,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 422, description = "`as_of_in_future`", body = service_kit::problem::ProblemSchema,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(crate) async fn list_calendars(
    State(api): State<QueryApi>,
    asking: Asking,
    Asked(as_of): Asked<AsOf>,
) -> Result<Answer<Calendars>, QueryError> {
    let (position, governing) = governing(&api, &asking, as_of).await?;
    let version = governing.version();
    let calendars = governing.configuration().calendars.clone();
    let items = calendars.into_iter().map(|(key, calendar)| CalendarView { key, calendar }).collect();
    Ok(Answer::at(position, Calendars { items, version: version.0 }).version(version))
}
