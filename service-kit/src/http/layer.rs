//! The one layer around a service's router: request id, trace, access log, metrics, and an answer in
//! the contract's form whatever happens inside.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tower::{Layer, Service};
use tracing::Instrument;

use super::request::{RequestInfo, X_REQUEST_ID};
use super::scrape::{self, MetricsToken};
use super::vouched::PeerKey;
use super::{host, unread};
use crate::problem::{MEDIA_TYPE, Problem};

/// How a service is reached.
#[derive(Clone, Debug, Default)]
pub struct HttpSettings {
    /// A proxy stands before it, and the last address in `X-Forwarded-For` is the caller's.
    pub behind_proxy: bool,
    /// Other services of the cell that have this key say where callers are on whose behalf they ask.
    pub peer_key: Option<PeerKey>,
    /// Who presents it reads `/metrics` from anywhere. Else that is for peers on this machine alone, and an unknown
    /// path to others.
    pub metrics_token: Option<MetricsToken>,
}

/// Puts the layer around a router that is complete. Unknown paths and methods become problems.
pub fn layers(router: Router, settings: HttpSettings) -> Router {
    router
        .method_not_allowed_fallback(|| async {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This path doesn't take this method",
            )
        })
        .fallback(|| async { Problem::not_found() })
        .layer(Around { settings })
}

#[derive(Clone)]
struct Around {
    settings: HttpSettings,
}

impl<S> Layer<S> for Around {
    type Service = AroundService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AroundService { inner, settings: self.settings.clone() }
    }
}

#[derive(Clone)]
struct AroundService<S> {
    inner: S,
    settings: HttpSettings,
}

impl<S> Service<Request> for AroundService<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let start = Instant::now();
        let info = {
            let path = request.uri().path();
            RequestInfo::read(request.headers(), path, request.extensions(), &self.settings)
        };
        let method = request.method().clone();
        let route = request.extensions().get::<MatchedPath>().cloned();
        request.extensions_mut().insert(info.clone());
        let span = tracing::info_span!(
            "request",
            request_id = &*info.request_id,
            trace_id = %info.trace.trace_id(),
        );
        // What comes over no connection, such as a test's request, was routed by nobody.
        let connected = request.extensions().get::<ConnectInfo<SocketAddr>>().is_some();
        let refused = if connected { host::check(&request).err() } else { None };
        let refused = refused.or_else(|| scrape::hides(&request, &self.settings).then(Problem::not_found));
        let loan = unread::lend(&mut request);
        let inner = match refused {
            None => Ok(self.inner.call(request)),
            // Without the request, its body has come back.
            Some(problem) => {
                drop(request);
                Err(problem)
            }
        };
        let around = async move {
            let mut response = match inner {
                Ok(inner) => match AssertUnwindSafe(inner).catch_unwind().await {
                    Ok(Ok(response)) => response,
                    // The panic hook has logged where.
                    Err(_panic) => Problem::internal().into_response(),
                },
                Err(refused) => refused.into_response(),
            };
            finish(&mut response, &info, &method);
            if let Some(loan) = loan {
                loan.settle(&mut response);
            }
            note(&method, route.as_ref(), response.status(), start.elapsed());
            Ok(response)
        };
        Box::pin(around.instrument(span))
    }
}

/// Makes every error a problem with the request's id, echoes the id, and keeps browsers from taking any
/// answer for something else than it says it is.
fn finish(response: &mut Response, info: &RequestInfo, method: &Method) {
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let problem = response.extensions_mut().remove::<Problem>();
        if problem.is_some() || !has_problem_body(response) {
            let problem = problem.unwrap_or_else(|| plain(status));
            let body = problem.render(Some(&info.request_id));
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
            *response.body_mut() = if method == Method::HEAD { Body::empty() } else { Body::from(body) };
        }
    }
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(&info.request_id) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
}

fn has_problem_body(response: &Response) -> bool {
    let media_type = response.headers().get(header::CONTENT_TYPE);
    // A readiness report is its own form of 503.
    media_type.is_some_and(|value| value == MEDIA_TYPE || value == "application/json")
}

/// What the framework refused without words of ours.
fn plain(status: StatusCode) -> Problem {
    let title = status.canonical_reason().unwrap_or("The request was refused");
    match status {
        StatusCode::INTERNAL_SERVER_ERROR => Problem::internal(),
        status if status.is_server_error() => Problem::new(status, "unavailable", title),
        status => Problem::new(status, "bad_request", title),
    }
}

/// One line and two metrics per request. The route is the pattern, never the path: paths hold ids.
fn note(method: &Method, route: Option<&MatchedPath>, status: StatusCode, took: Duration) {
    let matched = route.map_or("unmatched", MatchedPath::as_str);
    let method = known(method);
    let code = status.as_u16();
    let micros = took.as_micros() as u64;
    if status.is_server_error() {
        tracing::warn!(target: "access", method, route = matched, status = code, duration_us = micros);
    } else {
        tracing::info!(target: "access", method, route = matched, status = code, duration_us = micros);
    }
    let name = matched.to_owned();
    metrics::histogram!("docket_http_request_seconds", "method" => method, "route" => name.clone())
        .record(took.as_secs_f64());
    metrics::counter!(
        "docket_http_requests_total", "method" => method, "route" => name, "status" => class(code)
    )
    .increment(1);
}

/// Methods that callers make up must not become metrics.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

fn class(status: u16) -> std::borrow::Cow<'static, str> {
    match status {
        200 => "200".into(),
        201 => "201".into(),
        other => other.to_string().into(),
    }
}
