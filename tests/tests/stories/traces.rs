//! One request can be followed from its answer to the projection that applied it.

use docket_tests::{Docket, Options, eventually};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_from_the_request_to_the_projection() {
    let env = vec![("RUST_LOG".to_owned(), "info,projection_service=debug".to_owned())];
    let docket = Docket::up_with(Options { env, ..Options::default() }).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let client = docket.client("customer", "carla");
    let body = json!({"subject": "Traced", "description": "From end to end."});
    let request = client.request(reqwest::Method::POST, "/v1/tickets").json(&body);
    let request = request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let answer = client.send(request.header("x-request-id", "req-42")).await.expect(201);
    assert_eq!(answer.header("x-request-id"), "req-42");

    let pool = docket.postgres().await;
    let metadata: String = sqlx::query_scalar("SELECT metadata::text FROM events WHERE position = $1")
        .bind(answer.position())
        .fetch_one(&pool)
        .await
        .expect("the event");
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    assert!(metadata["traceparent"].as_str().expect("a traceparent").contains(trace));
    assert_eq!(metadata["request_id"], "req-42");

    eventually("the projection logs the trace", || {
        let log = docket.log();
        let found = log.lines().any(|line| line.contains(trace) && line.contains("projection"));
        async move { found.then_some(()) }
    })
    .await;
    assert!(!docket.log().contains("From end to end."), "personal data stays out of the log");
}
