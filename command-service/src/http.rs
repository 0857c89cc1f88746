//! The endpoints. Each capability is a folder, each verb a file.
//!
//! One table ([`endpoints`]) makes the router, the OpenAPI document and the list of [`routes`]; every
//! row names its [`Operation`], so no route can be without a permission.

mod answer;
mod asked;
mod calendar;
mod command;
mod configuration;
mod document;
mod export;
mod headers;
mod merge_patch;
mod sla;
mod tenant;
mod ticket;
mod verb;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter};
use domain::identity::Operation;

use crate::service::CommandService;
use configuration::Configures;
use document::Document;
use verb::Verb;

/// One endpoint. Its method and path are the operation's.
struct Endpoint {
    operation: Operation,
    handler: MethodRouter<CommandService>,
    document: Document,
}

impl Endpoint {
    /// A command on a ticket.
    fn of<V: Verb>() -> Self {
        Self {
            operation: V::OPERATION,
            handler: on(V::OPERATION, verb::handle::<V>),
            document: Document::of::<V>(),
        }
    }

    /// A command on policies and calendars.
    fn configures<C: Configures>() -> Self {
        Self {
            operation: C::OPERATION,
            handler: on(C::OPERATION, configuration::handle::<C>),
            document: Document::configures::<C>(),
        }
    }
}

/// A handler for the operation's method.
fn on<H, T>(operation: Operation, handler: H) -> MethodRouter<CommandService>
where
    H: Handler<T, CommandService>,
    T: 'static,
{
    let filter = MethodFilter::try_from(method(operation)).unwrap_or(MethodFilter::POST);
    MethodRouter::new().on(filter, handler)
}

fn method(operation: Operation) -> Method {
    match operation.method() {
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        _ => Method::POST,
    }
}

fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = ticket::endpoints();
    endpoints.push(command::execute::endpoint());
    endpoints.extend(tenant::endpoints());
    endpoints.push(export::record::endpoint());
    endpoints.extend(sla::endpoints());
    endpoints.extend(calendar::endpoints());
    endpoints
}

/// The router, without the layer around it (`service_kit::http::layers`).
pub fn router(service: &CommandService) -> Router {
    let routes = endpoints()
        .into_iter()
        .fold(Router::new(), |router, endpoint| router.route(endpoint.operation.path(), endpoint.handler));
    routes.with_state(service.clone())
}

/// Every route with the operation that a caller must be allowed.
pub fn routes() -> Vec<(Method, &'static str, Operation)> {
    let row =
        |endpoint: Endpoint| (method(endpoint.operation), endpoint.operation.path(), endpoint.operation);
    endpoints().into_iter().map(row).collect()
}

/// The OpenAPI 3.1 document of these endpoints.
pub fn openapi() -> utoipa::openapi::OpenApi {
    document::whole(endpoints().into_iter().map(|endpoint| (endpoint.operation, endpoint.document)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_one_route() {
        for operation in Operation::ALL.iter().filter(|operation| operation.is_command()) {
            let rows = routes().iter().filter(|(_, _, row)| row == operation).count();
            assert_eq!(rows, 1, "{operation:?}");
        }
        for (method, _, operation) in routes() {
            assert_eq!(method.as_str(), operation.method());
        }
        assert!(routes().iter().all(|(_, _, operation)| operation.is_command()));
    }
}
