//! The layer and the extractors, through a router.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::Value;
use tower::ServiceExt;

use super::*;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    limit: u32,
}

fn router() -> Router {
    let router = Router::new()
        .route("/echo", post(|Json(body): Json<Value>| async move { body.to_string() }))
        .route("/list", get(|Query(list): Query<List>| async move { list.limit.to_string() }))
        .route("/thing/{id}", get(|Path(id): Path<uuid::Uuid>| async move { id.to_string() }))
        .route("/broken", get(broken))
        .route("/info", get(|info: RequestInfo| async move { info.traceparent() }));
    layers(router, HttpSettings::default())
}

async fn broken() -> &'static str {
    panic!("on purpose")
}

async fn ask(request: axum::http::request::Builder, body: impl Into<Body>) -> Response {
    router().oneshot(request.body(body.into()).unwrap()).await.unwrap()
}

async fn problem(response: Response) -> (StatusCode, HeaderMap, Value) {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    assert_eq!(parts.headers[header::CONTENT_TYPE], "application/problem+json");
    (parts.status, parts.headers, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn every_error_is_a_problem_with_the_requests_id() {
    let json = || Request::post("/echo").header("content-type", "application/json");
    let cases = [
        (ask(Request::get("/nowhere"), "").await, 404, "not_found"),
        (ask(Request::delete("/echo"), "").await, 405, "method_not_allowed"),
        (ask(Request::get("/broken"), "").await, 500, "internal"),
        (ask(Request::get("/list?limit=x"), "").await, 400, "invalid_parameter"),
        (ask(Request::get("/list?limit=1&what=2"), "").await, 400, "invalid_parameter"),
        (ask(Request::get("/thing/x"), "").await, 404, "not_found"),
        (ask(Request::get("/thing/%ff"), "").await, 404, "not_found"),
        (ask(json(), "{").await, 400, "malformed_json"),
        (ask(json(), "x".repeat(BODY_LIMIT + 1)).await, 413, "body_too_large"),
        (ask(Request::post("/echo"), "{}").await, 415, "unsupported_media_type"),
        (ask(json().header("content-encoding", "br"), "{}").await, 415, "unsupported_content_encoding"),
        (ask(json(), "{\"a\":{\"b\":1,\"b\":2}}").await, 422, "validation_failed"),
    ];
    for (response, status, code) in cases {
        let (got, headers, body) = problem(response).await;
        assert_eq!((got.as_u16(), body["code"].as_str()), (status, Some(code)));
        assert_eq!(body["request_id"].as_str(), Some(headers["x-request-id"].to_str().unwrap()));
        assert_eq!(headers.get("allow").is_some(), status == 405);
        assert_eq!(headers["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn every_answer_says_not_to_guess_what_it_is() {
    for path in ["/info", "/list?limit=1", "/nowhere", "/broken"] {
        let response = ask(Request::get(path), "").await;
        assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{path}");
    }
}

#[tokio::test]
async fn what_comes_over_a_connection_names_one_host() {
    let peer: std::net::SocketAddr = "192.0.2.1:4711".parse().unwrap();
    for (hosts, status) in [(&[][..], 400), (&["a"], 200), (&["a", "b"], 400)] {
        let connected = Request::get("/info").extension(axum::extract::ConnectInfo(peer));
        let request = hosts.iter().fold(connected, |request, host| request.header("host", *host));
        assert_eq!(ask(request, "").await.status().as_u16(), status, "{hosts:?}");
    }
}

#[tokio::test]
async fn the_callers_ids_are_kept() {
    let request = Request::get("/info")
        .header("x-request-id", "abc")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let response = ask(request, "").await;
    assert_eq!(response.headers()["x-request-id"], "abc");
    let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
    assert!(body.starts_with(b"00-4bf92f3577b34da6a3ce929d0e0e4736-"));
}

#[tokio::test]
async fn a_service_of_the_cell_says_where_the_caller_is_and_nobody_else_does() {
    let key = PeerKey::new("a secret of the cell");
    let ip = |info: RequestInfo| std::future::ready(info.ip.map(|ip| ip.to_string()).unwrap_or_default());
    let router = || Router::new().route("/ip", get(ip));
    let (_, vouched) = key.vouch("203.0.113.9".parse().unwrap(), "r-1").unwrap();
    let settings = HttpSettings { peer_key: Some(key), ..HttpSettings::default() };
    for (settings, id, seen) in [
        (settings.clone(), "r-1", "203.0.113.9"),
        (settings, "r-2", ""),
        (HttpSettings::default(), "r-1", ""),
    ] {
        let request = Request::get("/ip")
            .header("x-request-id", id)
            .header("docket-vouched-for", &vouched)
            .body(Body::empty());
        let response = layers(router(), settings).oneshot(request.unwrap()).await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(&body[..], seen.as_bytes());
    }
}

#[tokio::test]
async fn only_a_service_of_the_cell_is_taken_for_one() {
    let key = PeerKey::new("a secret of the cell");
    let who = |info: RequestInfo| std::future::ready(info.from_service.to_string());
    let router = || Router::new().route("/who", get(who)).route("/else", get(who));
    let (_, code) = key.sign("/who", "r-1").unwrap();
    let settings = HttpSettings { peer_key: Some(key), ..HttpSettings::default() };
    for (settings, path, id, seen) in [
        (settings.clone(), "/who", "r-1", "true"),
        (settings.clone(), "/who?q=1", "r-1", "true"),
        (settings.clone(), "/else", "r-1", "false"),
        (settings, "/who", "r-2", "false"),
        (HttpSettings::default(), "/who", "r-1", "false"),
    ] {
        let request =
            Request::get(path).header("x-request-id", id).header("docket-service", &code).body(Body::empty());
        let response = layers(router(), settings).oneshot(request.unwrap()).await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(&body[..], seen.as_bytes(), "{path} {id}");
    }
}

#[tokio::test]
async fn a_body_in_pieces_is_put_together() {
    let pieces = ["{\"a\":", "[1,", "2]}"].map(|piece| Ok::<_, std::io::Error>(piece.to_owned()));
    let body = Body::from_stream(futures::stream::iter(pieces));
    let response = ask(Request::post("/echo").header("content-type", "application/json"), body).await;
    let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
    assert_eq!(&body[..], b"{\"a\":[1,2]}");
}

#[tokio::test]
async fn metrics_count_by_route_never_by_path() {
    crate::metrics::install();
    let id = "0191d8a0-0000-7000-8000-000000000000";
    assert_eq!(ask(Request::get(format!("/thing/{id}")), "").await.status(), StatusCode::OK);
    let text = crate::metrics::render();
    assert!(text.contains("docket_http_requests_total{method=\"GET\",route=\"/thing/{id}\",status=\"200\"}"));
    assert!(!text.contains(id));
}
