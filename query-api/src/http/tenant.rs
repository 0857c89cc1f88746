//! `GET /v1/tenants/{tenant}`: a tenant, and what its statistics are reckoned by.

use axum::extract::{Path, State};
use domain::event::{Event, TENANT};
use domain::ids::{TenantId, Version};
use domain::tenant::{Reporting, Tenant};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::http::queue::list::Nothing;
use crate::http::refusals::Refusals;
use crate::log;
use crate::snapshot::Source;

/// The path's parameter.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it documents what the handler reads")]
pub(crate) struct TenantPath {
    /// The tenant's id or key, or `self`. The token's own tenant is the only one that there is.
    #[param(example = "self")]
    tenant: String,
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(crate) struct TenantView {
    /// Its id, which tokens name.
    id: Uuid,
    /// What people and command lines call it.
    #[schema(example = "desk")]
    key: String,
    /// The tenant above it.
    parent: Option<Uuid>,
    /// The profile that its settings were taken from.
    #[schema(example = "platform")]
    profile: String,
    /// How many changes there were; what `If-Match` takes.
    #[schema(example = 1)]
    version: i64,
    /// What its statistics are reckoned by.
    reporting: Reporting,
}

/// The token's tenant, and what its statistics are reckoned by: as its events in the log tell.
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}", operation_id = "get_tenant", tag = "Tenants",
    params(TenantPath, Freshness),
    responses(
        (status = 200, description = "The tenant; `ETag` is its version.", body = TenantView,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        Refusals,
    ),
)]
pub(crate) async fn get_tenant(
    State(api): State<QueryApi>,
    asking: Asking,
    Path(named): Path<String>,
    Asked(Nothing): Asked<Nothing>,
) -> Result<Answer<TenantView>, QueryError> {
    let id = asking.principal.tenant;
    if named != "self" && named != id.to_string() && TenantId::of_key(&named) != id {
        return Err(QueryError::NotFound);
    }
    let mut snapshot = api.snapshot(&asking, Source::Log).await?;
    let events = log::history(&mut snapshot, TENANT, &id.to_string()).await?;
    let position = snapshot.position;
    snapshot.close().await?;
    let (mut tenant, mut version) = (Tenant::default(), 0);
    for logged in events {
        let fact = logged.read(&api.0.upcasters);
        version = fact.logged.sequence;
        if let Some(Event::Tenant(event)) = fact.event {
            tenant.apply(event);
        }
    }
    let Tenant { key, parent, profile, reporting, .. } = tenant;
    let view =
        TenantView { id: id.0, key, parent: parent.map(|parent| parent.0), profile, version, reporting };
    Ok(Answer::at(position, view).version(Version(version)))
}
