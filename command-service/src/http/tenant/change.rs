//! Change what a tenant's statistics are reckoned by.

use axum::extract::{Request, State};
use axum::response::Response;
use domain::identity::Operation;
use domain::ids::TenantId;
use domain::tenant::Reporting;
use serde::Deserialize;
use service_kit::http::parse;
use service_kit::problem::Problem;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::http::answer::{AnswerBody, accepted};
use crate::http::asked::Asked;
use crate::http::configuration::Fields;
use crate::http::document::Document;
use crate::http::merge_patch::PatchOf;
use crate::http::{Endpoint, on};
use crate::service::CommandService;

pub(in crate::http) fn endpoint() -> Endpoint {
    let summary = "Change what a tenant's statistics are reckoned by: its time zone, working hours, rates";
    let answers = [(200, "Done, or there was nothing to do; the commit is durable")];
    Endpoint {
        operation: Operation::ChangeTenant,
        handler: on(Operation::ChangeTenant, change),
        document: Document::new::<TenantPatch, AnswerBody<'_>>(summary, "Tenants", &answers).conditional(),
    }
}

/// What changes of a tenant: what isn't named stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantPatch {
    #[serde(default)]
    reporting: Fields,
}

impl PartialSchema for TenantPatch {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .property("reporting", Ref::from_schema_name(PatchOf::<Reporting>::name()))
            .description(Some(
                "What changes of a tenant: what isn't named stays. `{tenant}` in the path is the tenant's id or key, \
                 or `self`; the token's own tenant is the only one that there is.",
            ))
            .into()
    }
}

impl ToSchema for TenantPatch {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((PatchOf::<Reporting>::name().into_owned(), PatchOf::<Reporting>::schema()));
    }
}

async fn change(State(service): State<CommandService>, request: Request) -> Result<Response, Problem> {
    let Asked { request, params, body } = Asked::read(&service, Operation::ChangeTenant, request).await?;
    let tenant = request.principal.tenant;
    let named = params.into_iter().next().map(|(_, name)| name).unwrap_or_default();
    if named != "self" && named != tenant.to_string() && TenantId::of_key(&named) != tenant {
        return Err(Problem::not_found());
    }
    let patch: TenantPatch = parse(&body.0)?;
    let answer = service.executor().change_reporting(&request, patch.reporting).await?;
    Ok(accepted(&answer, &AnswerBody::of(&answer), Operation::ChangeTenant.path()))
}
