//! `GET /v1/stats/busiest`: in which hours of the week how much happens.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::stats::{Dimension, Measure};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::figures::Figures;
use super::find::Reading;
use super::period::{Period, time_zone};
use super::query::{Scope, StatsQuery};
use crate::QueryApi;
use crate::as_of::AsOf;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::export::Accepted;
use crate::http::refusals::Refusals;
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::span::Span;

const MEASURES: [Measure; 4] = [Measure::Created, Measure::Replies, Measure::Resolved, Measure::Reopened];

/// Of which time.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BusiestQuery {
    /// What happened at this moment or after it.
    from: Option<DateTime<Utc>>,
    /// What happened before this moment.
    to: Option<DateTime<Utc>>,
    /// What the clock on the wall shows, by its IANA name; the tenant's own, if nothing is said.
    #[param(value_type = Option<String>, required = false, example = "Europe/Berlin")]
    time_zone: Option<Tz>,
}

impl FromParameters for BusiestQuery {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        let span = Span::take(parameters)?;
        Ok(Self { from: span.from(), to: span.to(), time_zone: time_zone(parameters)? })
    }
}

/// An hour of the week.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HourOfWeek {
    /// 1 is Monday.
    #[schema(example = 1)]
    weekday: u8,
    /// From when the clock on the wall shows it: 0 to 23.
    #[schema(example = 9)]
    hour: u8,
    /// Tickets that were opened.
    #[schema(example = 210)]
    created: i64,
    /// Public replies of agents.
    #[schema(example = 190)]
    replies: i64,
    /// Times that a ticket was resolved.
    #[schema(example = 120)]
    resolved: i64,
    /// Times that a ticket was reopened.
    #[schema(example = 4)]
    reopened: i64,
}

/// How much happened in each hour of the week.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BusiestHours {
    /// Whose clock.
    #[schema(example = "Europe/Berlin")]
    time_zone: &'static str,
    /// The hours in which anything happened, from Monday on.
    items: Vec<HourOfWeek>,
    /// The hour in which most tickets were opened; the first of equals.
    busiest: Option<HourOfWeek>,
}

/// In which hours of the week how much happened, over all weeks of the time that is asked for.
#[utoipa::path(
    get, path = "/v1/stats/busiest", operation_id = "get_busiest_hours", tag = "Statistics",
    params(BusiestQuery, Freshness),
    responses(
        (status = 200, description = "The hours; or a line for each group, as a file.", content(
            (BusiestHours = "application/json"),
            (String = "text/csv"),
            (HourOfWeek = "application/x-ndjson"),
        )),
        (status = 304, description = "As they were, by `If-None-Match`."),
        Refusals,
    ),
)]
pub(crate) async fn get_busiest_hours(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(asked): Asked<BusiestQuery>,
) -> Result<Response, QueryError> {
    let BusiestQuery { from, to, time_zone } = asked;
    // The name stands for the one period that is by hours of the week.
    let group_by = vec!["hour".to_owned()];
    let query = StatsQuery { from, to, group_by, time_zone, scope: Scope::Tenant, as_of: AsOf::NOW };
    let mut reading = Reading::begin(&api, &asking, &query).await?;
    if let Some(unchanged) = reading.unchanged(&asking, file.as_ref()) {
        return Ok(unchanged);
    }
    let period = Some(Period::HourOfWeek);
    let found = reading.find_by(&query, Dimension::Total, period, &MEASURES).await?;
    let items: Vec<HourOfWeek> = found
        .groups
        .iter()
        .filter_map(|(key, figures)| HourOfWeek::of(key.get("hour")?.as_deref()?, figures))
        .collect();
    let most = items.iter().map(|hour| hour.created).max().filter(|most| *most > 0);
    let busiest = most.and_then(|most| items.iter().find(|hour| hour.created == most).cloned());
    let time_zone = reading.zone(&query).name();
    reading.answer(&api, file, "busiest-hours", BusiestHours { time_zone, items, busiest }).await
}

impl HourOfWeek {
    /// `place` is weekday and hour, as the period shows itself.
    fn of(place: &str, figures: &Figures) -> Option<Self> {
        let (weekday, hour) = place.split_once(' ')?;
        Some(Self {
            weekday: weekday.parse().ok()?,
            hour: hour.parse().ok()?,
            created: figures.count(Measure::Created),
            replies: figures.count(Measure::Replies),
            resolved: figures.count(Measure::Resolved),
            reopened: figures.count(Measure::Reopened),
        })
    }
}
