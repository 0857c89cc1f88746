//! Bad input: each has a clear answer and leaves nothing behind.

use reqwest::Method;
use serde_json::{Value, json};

use super::harness::{Answer, App, Client};

const NOWHERE: &str = "/v1/tickets/0198c0de-0000-7000-8000-000000000000";

async fn raw(client: &Client, path: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = client.request(Method::POST, path).header("content-type", "application/json");
    client.send(request.body(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies() {
    let app = App::start().await;
    let customer = app.customer();
    let broken: [&[u8]; 4] = [
        b"{\"subject\": ",
        b"{\"subject\":\"\\ud800\",\"description\":\"x\"}",
        b"{\"subject\":\"\xff\"}",
        b"",
    ];
    for body in broken {
        raw(&customer, "/v1/tickets", body.to_vec()).await.problem(400, "malformed_json");
    }
    let opening = |subject: Value| json!({"subject": subject, "description": "y"});
    for (body, code, errors) in [
        (json!({}), "validation_failed", ("/subject", "required")),
        (json!([]), "validation_failed", ("", "wrong_type")),
        (opening(json!(7)), "validation_failed", ("/subject", "wrong_type")),
        (opening(json!("")), "validation_failed", ("/subject", "required")),
        (opening(json!("x".repeat(501))), "validation_failed", ("/subject", "too_long")),
        (opening(json!("a\0b")), "validation_failed", ("/subject", "invalid_character")),
        (
            json!({"subject": "x", "description": "y", "colour": 1}),
            "unknown_field",
            ("/colour", "unknown_field"),
        ),
    ] {
        let refused = customer.post("/v1/tickets", body).await.problem(422, code);
        assert_eq!(refused.errors(), [errors], "{:#}", refused.body);
    }
    let fields = json!({"subject": "x", "description": "y", "custom_fields": {"a": "b\0c"}});
    customer.post("/v1/tickets", fields).await.problem(422, "validation_failed");
    let large = format!(r#"{{"subject":"x","description":"{}"}}"#, "x".repeat(2_000_000));
    raw(&customer, "/v1/tickets", large).await.problem(413, "body_too_large");
    let text = customer.request(Method::POST, "/v1/tickets").header("content-type", "text/plain").body("x");
    customer.send(text).await.problem(415, "unsupported_media_type");
    assert_eq!(app.count("SELECT count(*) FROM events WHERE aggregate_type = 'ticket'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_theirs_looks_like_what_is_not_there() {
    let app = App::start().await;
    app.tenant("other", "platform").await;
    let path = app.customer().open("Mine").await;
    let outsider = app.anybody(Some(app.token("other", "support_agent", "olga")));
    let stranger = app.client("customer", "stefan");
    let mut bodies = Vec::new();
    for (client, path) in [
        (&app.agent(), NOWHERE),
        (&app.agent(), "/v1/tickets/TKT-99999999"),
        (&app.agent(), "/v1/tickets/%00"),
        (&outsider, &path),
        (&outsider, "/v1/tickets/TKT-00000001"),
        (&stranger, &path),
    ] {
        for (verb, body) in [("reply", json!({"body": "x"})), ("reply", json!({"wrong": 1}))] {
            let mut answer = client.post(&format!("{path}/{verb}"), body).await.problem(404, "not_found");
            answer.body["request_id"] = Value::Null;
            bodies.push(answer.body);
        }
        let stale =
            client.post_with(&format!("{path}/reply"), json!({"body": "x"}), ("if-match", "\"9\"")).await;
        stale.problem(404, "not_found");
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:#?}");
    // A message that isn't there, and what isn't even an id.
    for message in ["0198c0de-0000-7000-8000-000000000000", "x"] {
        let edit = format!("{path}/messages/{message}/edit");
        app.agent().post(&edit, json!({"body": "x"})).await.problem(404, "not_found");
    }
    app.agent().post("/v1/nothing", json!({})).await.problem(404, "not_found");
    let get = app.agent().request(Method::GET, &path);
    app.agent().send(get).await.problem(404, "not_found");
    let delete = app.agent().request(Method::DELETE, "/v1/tickets");
    app.agent().send(delete).await.problem(405, "method_not_allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn headers() {
    let app = App::start().await;
    let customer = app.customer();
    let open = json!({"subject": "x", "description": "y"});
    for (name, value, code) in [
        ("if-match", "7", "invalid_if_match"),
        ("idempotency-key", "", "invalid_idempotency_key"),
        ("idempotency-key", &"x".repeat(256), "invalid_idempotency_key"),
    ] {
        customer.post_with("/v1/tickets", open.clone(), (name, value)).await.problem(400, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_does_not_rate() {
    let app = App::start().await;
    let (customer, agent) = (app.customer(), app.agent());
    let path = customer.open("x").await;
    customer.post(&format!("{path}/rate"), json!({"rating": 5})).await.problem(409, "not_resolved");
    agent.post(&format!("{path}/resolve"), json!({})).await.expect(200);
    agent.post(&format!("{path}/rate"), json!({"rating": 5})).await.problem(403, "only_requester");
    for rating in [0, 6] {
        let refused = customer.post(&format!("{path}/rate"), json!({"rating": rating})).await;
        refused.problem(422, "validation_failed");
    }
}
