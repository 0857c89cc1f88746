//! `GET /v1/sla/policies`: a tenant's policies in their order.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::sla::Configuration;
use domain::sla::policy::PolicySpec;
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

/// A policy in its place.
#[derive(Serialize, ToSchema)]
#[schema(as = PlacedPolicy)]
pub(crate) struct PolicyView {
    /// Its place in the order, from 1: the first that fits a ticket holds for it.
    #[schema(example = 1)]
    place: usize,
    #[serde(flatten)]
    policy: PolicySpec,
}

impl PolicyView {
    const COLUMNS: [Column<Self>; 11] = [
        ("place", |row, to| to.put(&(row.place as i64))),
        ("key", |row, to| to.put(&row.policy.key)),
        ("name", |row, to| to.put(&row.policy.name)),
        ("when", |row, to| to.put(&json(&row.policy.when))),
        ("calendar", |row, to| to.put(&row.policy.calendar)),
        ("first_response", |row, to| to.put(&row.policy.first_response)),
        ("next_reply", |row, to| to.put(&row.policy.next_reply)),
        ("resolution", |row, to| to.put(&row.policy.resolution)),
        ("warning", |row, to| to.put(&row.policy.warning.as_ref().map(json))),
        ("reopen", |row, to| to.put(json(&row.policy.reopen).as_str().unwrap_or_default())),
        ("escalation", |row, to| to.put(&json(&row.policy.escalation))),
    ];

    /// All of them, in their order.
    pub(crate) fn all(configuration: &Configuration) -> impl Iterator<Item = Self> {
        (1..).zip(&configuration.policies).map(|(place, policy)| Self { place, policy: policy.clone() })
    }

    /// The policy's key.
    pub(crate) fn key(&self) -> &str {
        &self.policy.key
    }
}

/// A tenant's policies.
#[derive(Serialize, ToSchema)]
pub(crate) struct Policies {
    /// In their order.
    items: Vec<PolicyView>,
    /// The version of the configuration that they are all in; what `If-Match` takes.
    #[schema(example = 0)]
    version: i64,
}

/// The tenant's policies in their order, as they are or as they were.
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets them as a file.
#[utoipa::path(
    get, path = "/v1/sla/policies", operation_id = "list_sla_policies", tag = "Service levels",
    params(AsOfParameter, Freshness),
    responses(
        (status = 200, description = "The policies; `ETag` is their version.", content(
            (Policies = "application/json"),
            (String = "text/csv", example = "place,key,name,…\r\n1,critical,Critical,…\r\n"),
            (PolicyView = "application/x-ndjson"),
         ),
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 422, description = "`as_of_in_future`", body = service_kit::problem::ProblemSchema,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(crate) async fn list_sla_policies(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(as_of): Asked<AsOf>,
) -> Result<Response, QueryError> {
    let (position, governing) = governing(&api, &asking, as_of).await?;
    let version = governing.version();
    let items: Vec<_> = PolicyView::all(governing.configuration()).collect();
    if let Some(file) = file {
        let columns = PolicyView::COLUMNS.to_vec();
        return export::items(&api, file, "sla-policies", position, columns, &items).await;
    }
    let policies = Policies { items, version: version.0 };
    Ok(Answer::at(position, policies).version(version).into_response())
}
