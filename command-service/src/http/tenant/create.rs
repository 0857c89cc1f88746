//! Create a tenant.

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use domain::identity::Operation;
use domain::ids::TenantId;
use domain::tenant::{CreateTenant, DEFAULT_PROFILE};
use serde::{Deserialize, Serialize};
use service_kit::http::{Json, POSITION, RequestInfo, etag, position_header};
use service_kit::problem::Problem;
use utoipa::ToSchema;

use crate::executor::{CommandError, CommandRequest};
use crate::http::Endpoint;
use crate::http::document::Document;
use crate::service::CommandService;

pub(in crate::http) fn endpoint() -> Endpoint {
    let accepted = [(201, "Created; the commit is durable"), (200, "It was there already, just like this")];
    Endpoint {
        operation: Operation::CreateTenant,
        handler: post(create),
        // Creating a tenant twice is nothing to do anyway.
        document: Document::new::<NewTenant, TenantBody>("Create a tenant", "Tenants", &accepted)
            .without_key(),
    }
}

/// A new tenant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTenant {
    /// What people call it: 1 to 63 of `a-z`, `0-9` and `-`, a letter or digit first.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,62}$")]
    key: String,
    /// The tenant above it.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    parent: Option<TenantId>,
    /// The profile that its settings are taken from.
    #[serde(default)]
    profile: Option<String>,
    /// What `{prefix}` in its ticket numbers stands for; the key in capitals, if nothing is said.
    #[serde(default)]
    number_prefix: Option<String>,
}

/// A tenant that is there.
#[derive(Serialize, ToSchema)]
struct TenantBody {
    /// Its id, which tokens name.
    #[schema(value_type = Uuid)]
    id: TenantId,
    /// Its key.
    key: String,
    /// Its version.
    version: i64,
    /// The position of its last event.
    position: i64,
}

async fn create(State(service): State<CommandService>, request: Request) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let principal = service.authenticator().authenticate(&parts.headers).await?;
    principal.may(Operation::CreateTenant).map_err(CommandError::from)?;
    let Ok(info) = RequestInfo::from_request_parts(&mut parts, &()).await;
    let Json(new) = Json::<NewTenant>::from_request(Request::from_parts(parts, body), &()).await?;
    let command = CreateTenant {
        key: new.key,
        parent: new.parent,
        profile: new.profile.unwrap_or_else(|| DEFAULT_PROFILE.to_owned()),
        number_prefix: new.number_prefix,
    };
    let request = CommandRequest::new(principal, info);
    let answer = service.executor().create_tenant(&request, &command).await?;
    let body = TenantBody {
        id: answer.id,
        key: command.key,
        version: answer.version.0,
        position: answer.position.0,
    };
    let status = if answer.created { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = (status, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag(answer.version));
    headers.insert(POSITION, position_header(answer.position));
    if answer.created
        && let Ok(location) = HeaderValue::try_from(format!("/v1/tenants/{}", answer.id))
    {
        headers.insert(header::LOCATION, location);
    }
    Ok(response)
}
