//! `GET /v1/sla`: all that a tenant promises, and when it works.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::sla::calendar::CalendarSpec;
use domain::sla::policy::PolicySpec;
use serde::Serialize;
use utoipa::ToSchema;

use super::governing;
use crate::QueryApi;
use crate::answer::Answer;
use crate::as_of::{AsOf, AsOfParameter};
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::http::refusals::Refusals;

/// All that a tenant promises, and when it works.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServiceLevels {
    /// How many changes there were; what `If-Match` takes. 0: what every tenant starts with.
    #[schema(example = 0)]
    version: i64,
    /// The policies in their order: the first that fits a ticket holds for it.
    policies: Vec<PolicySpec>,
    /// The calendars by key.
    calendars: BTreeMap<String, CalendarSpec>,
    /// After so many days resolved tickets close by themselves; null: never.
    #[schema(example = 7)]
    auto_close_days: Option<u32>,
}

/// The tenant's policies and calendars, as they are or as they were.
#[utoipa::path(
    get, path = "/v1/sla", operation_id = "get_sla_configuration", tag = "Service levels",
    params(AsOfParameter, Freshness),
    responses(
        (status = 200, description = "All of it; `ETag` is its version.", body = ServiceLevels,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 422, description = "`as_of_in_future`", body = service_kit::problem::ProblemSchema,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(crate) async fn get_sla_configuration(
    State(api): State<QueryApi>,
    asking: Asking,
    Asked(as_of): Asked<AsOf>,
) -> Result<Answer<ServiceLevels>, QueryError> {
    let (position, governing) = governing(&api, &asking, as_of).await?;
    let version = governing.version();
    let configuration = governing.configuration().clone();
    let levels = ServiceLevels {
        version: version.0,
        policies: configuration.policies,
        calendars: configuration.calendars,
        auto_close_days: configuration.auto_close_days,
    };
    Ok(Answer::at(position, levels).version(version))
}
