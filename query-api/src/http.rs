//! The endpoints, by what they are about, and the one table that the router is built from.

mod activity_view;
mod audit;
mod console;
mod documentation;
mod event;
pub(crate) mod event_view;
mod history;
mod operation;
mod person;
mod projection;
mod queue;
mod refusals;
mod sla;
pub(crate) mod stats;
mod tenant;
pub(crate) mod ticket;

pub(crate) use audit::search::SearchAudit;
pub(crate) use event::list::WholeFeed;
pub(crate) use ticket::list::WholeList;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use domain::identity::Operation;
use service_kit::auth::bearer;
use service_kit::http::finish_document;
use service_kit::problem::Problem;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{self, ParameterIn};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr, Schema};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes as handlers;

use crate::QueryApi;
use crate::asking::{Permitted, Token};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Docket",
        description = "Customer-support ticketing on an event log. Commands change, queries read.\n\n\
            Send `Authorization: Bearer <token>`. Every answer bears `Docket-Position`, the position of the \
            log that it reflects; a query takes it as `Docket-Min-Position` and waits until it can show that \
            much. Errors are problem details (RFC 9457) with a stable `code`."
    ),
    paths(
        operation::healthz,
        operation::readyz,
        operation::metrics,
        operation::openapi,
        operation::asyncapi,
        operation::list_schemas,
        operation::get_schema,
    ),
    components(schemas(service_kit::problem::ProblemSchema)),
    security(("bearer" = [])),
    tags(
        (name = "Tickets", description = "Tickets, their conversations and their past."),
        (name = "Service levels", description = "What is promised, and how it was kept."),
        (name = "Tenants", description = "The tenant and its settings."),
        (name = "Queues", description = "Counts."),
        (name = "Statistics", description = "How the work went."),
        (name = "Audit", description = "The audit trail."),
        (name = "Events", description = "The log, for machines."),
        (name = "Operation", description = "How the service is."),
    ),
)]
struct Document;

/// Every operation with its handler. Nothing is routed that isn't here, and nothing here is routed
/// without its row in the table of operations.
fn table() -> Vec<(Operation, UtoipaMethodRouter<QueryApi>)> {
    vec![
        (Operation::ListTickets, handlers!(ticket::list::list_tickets)),
        (Operation::GetTicket, handlers!(ticket::get::get_ticket)),
        (Operation::GetMessages, handlers!(ticket::messages::get_messages)),
        (Operation::GetActivity, handlers!(ticket::activity::get_activity)),
        (Operation::GetHistory, handlers!(ticket::history::get_history)),
        (Operation::GetSla, handlers!(ticket::sla::get_sla)),
        (Operation::GetSlaConfig, handlers!(sla::configuration::get_sla_configuration)),
        (Operation::GetSlaHistory, handlers!(sla::history::get_sla_history)),
        (Operation::ListPolicies, handlers!(sla::policies::list_sla_policies)),
        (Operation::GetPolicy, handlers!(sla::policy::get_sla_policy)),
        (Operation::ListCalendars, handlers!(sla::calendars::list_calendars)),
        (Operation::GetCalendar, handlers!(sla::calendar::get_calendar)),
        (Operation::GetTenant, handlers!(tenant::get_tenant)),
        (Operation::GetStats, handlers!(stats::overview::get_stats)),
        (Operation::GetVolume, handlers!(stats::volume::get_volume)),
        (Operation::GetSatisfaction, handlers!(stats::satisfaction::get_satisfaction)),
        (Operation::GetAgentStats, handlers!(stats::agents::get_agent_stats)),
        (Operation::GetBusiestHours, handlers!(stats::busiest::get_busiest_hours)),
        (Operation::GetTop, handlers!(stats::top::get_top)),
        (Operation::GetDashboard, handlers!(stats::dashboard::get_dashboard)),
        (Operation::FollowDashboard, handlers!(stats::dashboard::follow_dashboard)),
        (Operation::GetSlaStats, handlers!(stats::sla::get_sla_stats)),
        (Operation::GetAttachments, handlers!(ticket::attachments::get_attachments)),
        (Operation::GetAssignments, handlers!(ticket::assignments::get_assignments)),
        (Operation::GetQueues, handlers!(queue::list::get_queues)),
        (Operation::SearchAudit, handlers!(audit::search::search_audit)),
        (Operation::ReadEvents, handlers!(event::list::read_events)),
        (Operation::StreamEvents, handlers!(event::stream::stream_events)),
        (Operation::OpenSocket, handlers!(event::socket::open_event_socket)),
        (Operation::GetProjections, handlers!(projection::list::get_projections)),
    ]
}

/// Every route with the operation that it is, as the router has them.
pub fn routes() -> Vec<(Method, &'static str, Operation)> {
    table().into_iter().map(|(operation, _)| (Method::GET, operation.path(), operation)).collect()
}

/// What is there without a token: health, metrics, documentation, the console's files.
pub fn public_paths() -> &'static [&'static str] {
    &[
        "/",
        "/console.js",
        "/console.css",
        "/docs",
        "/docs.js",
        "/openapi.json",
        "/asyncapi.json",
        "/schemas",
        "/healthz",
        "/readyz",
        "/metrics",
    ]
}

/// The OpenAPI document of the queries.
pub fn openapi() -> OpenApi {
    let mut document = OpenApiRouter::with_openapi(Document::openapi());
    for (_, handler) in table() {
        document = document.routes(handler);
    }
    let mut document = document.into_openapi();
    document.paths.paths.values_mut().filter_map(|item| item.get.as_mut()).for_each(separate_by_commas);
    if let Some(components) = &mut document.components {
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
    finish_document(document)
}

/// Lists of which each value isn't a parameter of its own are written with commas; OpenAPI takes the
/// other way for granted.
fn separate_by_commas(operation: &mut path::Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let list = matches!(&parameter.schema, Some(RefOr::T(Schema::Array(_))));
        if parameter.parameter_in == ParameterIn::Query && list && parameter.explode.is_none() {
            parameter.explode = Some(false);
        }
    }
}

/// The pages for people: the console, the documentation of `document`, and `document` itself. Where
/// commands and queries are one process, give both services' documents merged.
pub fn page_routes(document: &OpenApi) -> Router {
    console::router().merge(documentation::router(document))
}

/// The routes, each behind the check of its own operation.
pub(crate) fn router(api: QueryApi) -> Router {
    let mut router = OpenApiRouter::default();
    for (operation, (schemas, paths, handler)) in table() {
        let checked = handler.layer(from_fn_with_state((api.clone(), operation), permit));
        router = router.routes((schemas, paths, checked));
    }
    router.with_state(api).into()
}

/// Lets a request through whose token is good and allows the operation.
async fn permit(
    State((api, operation)): State<(QueryApi, Operation)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let token = Token::new(match operation {
        Operation::OpenSocket => event::socket::token(request.headers())?,
        _ => bearer(request.headers())?,
    });
    let principal = api.0.authenticator.verify(token.expose()).await?;
    principal.may(operation).map_err(|denied| Problem::forbidden(denied.to_string()))?;
    request.extensions_mut().insert(Permitted(principal, token));
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests;
