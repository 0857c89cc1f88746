//! `GET /v1/calendars`: a tenant's calendars.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::sla::calendar::CalendarSpec;
use serde::Serialize;
use utoipa::ToSchema;

use super::governing;
use crate::QueryApi;
use crate::answer::Answer;
use crate::as_of::{AsOf, AsOfParameter};
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::export::{self, Accepted, Column, json};
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

const COLUMNS: [Column<CalendarView>; 5] = [
    ("key", |row, to| to.put(&row.key)),
    ("name", |row, to| to.put(&row.calendar.name)),
    ("time_zone", |row, to| to.put(&row.calendar.time_zone)),
    ("weekly", |row, to| to.put(&json(&row.calendar.weekly))),
    ("holidays", |row, to| to.put(&json(&row.calendar.holidays))),
];

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
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets them as a file.
#[utoipa::path(
    get, path = "/v1/calendars", operation_id = "list_calendars", tag = "Service levels",
    params(AsOfParameter, Freshness),
    responses(
        (status = 200, description = "The calendars; `ETag` is their version.", content(
            (Calendars = "application/json"),
            (String = "text/csv", example = "key,name,time_zone,…\r\noffice,Office,Europe/Berlin,…\r\n"),
            (CalendarView = "application/x-ndjson"),
         ),
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 422, description = "`as_of_in_future`", body = service_kit::problem::ProblemSchema,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(crate) async fn list_calendars(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(as_of): Asked<AsOf>,
) -> Result<Response, QueryError> {
    let (position, governing) = governing(&api, &asking, as_of).await?;
    let version = governing.version();
    let calendars = governing.configuration().calendars.clone();
    let items: Vec<_> = calendars.into_iter().map(|(key, calendar)| CalendarView { key, calendar }).collect();
    if let Some(file) = file {
        return export::items(&api, file, "calendars", position, COLUMNS.to_vec(), &items).await;
    }
    let calendars = Calendars { items, version: version.0 };
    Ok(Answer::at(position, calendars).version(version).into_response())
}
