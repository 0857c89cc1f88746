//! What all commands on policies and calendars have in common.

use axum::extract::{Request, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::identity::Operation;
use domain::input::FieldError;
use domain::sla::SlaCommand;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use service_kit::http::parse;
use service_kit::problem::Problem;
use utoipa::ToSchema;

use super::answer::{ConfigurationBody, accepted};
use super::asked::Asked;
use crate::service::CommandService;

/// The fields of a body that the domain reads.
pub(super) type Fields = Map<String, Value>;

/// A command on policies and calendars, as an endpoint.
pub(super) trait Configures: 'static {
    /// The operation, which has the method, the path and the permission.
    const OPERATION: Operation;
    /// What it does, in a line.
    const SUMMARY: &'static str;
    /// The parameters that its query takes, and what they mean.
    const QUERY: &'static [(&'static str, &'static str)] = &[];
    /// The body.
    type Body: DeserializeOwned;
    /// How the body is described.
    type Schema: ToSchema;

    /// The command that the body and what is said beside it make.
    fn command(said: Said, body: Self::Body) -> Result<SlaCommand, FieldError>;
}

/// What is said of a command beside its body.
pub(super) struct Said {
    /// The path's key; empty where the path has none.
    pub(super) key: String,
    /// The query.
    pub(super) query: Option<String>,
    /// The present moment.
    pub(super) now: DateTime<Utc>,
}

/// Carries out a command that came over HTTP.
pub(super) async fn handle<C: Configures>(
    State(service): State<CommandService>,
    request: Request,
) -> Result<Response, Problem> {
    let query = request.uri().query().map(str::to_owned);
    let Asked { request, params, body } = Asked::read(&service, C::OPERATION, request).await?;
    let key = params.into_iter().next().map(|(_, key)| key).unwrap_or_default();
    // Some clients announce JSON and send none where there is nothing to say.
    let nothing_said = body.0.is_empty() && C::OPERATION.method() == "DELETE";
    let body = parse(if nothing_said { b"{}" } else { &body.0 })?;
    let said = Said { key, query, now: service.executor().now() };
    let command = C::command(said, body).map_err(|error| Problem::validation(vec![error.into()]))?;
    let answer = service.executor().configure_sla(&request, &command).await?;
    Ok(accepted(&answer, &ConfigurationBody::of(&answer), C::OPERATION.path()))
}

/// The body of what needs none.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}
