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
async fn bodies_say_each_thing_once_plainly_and_visibly() {
    let app = App::start().await;
    let customer = app.customer();
    let twice = r#"{"subject":"x","description":"y","custom_fields":{"a":1,"a":2}}"#;
    let refused = raw(&customer, "/v1/tickets", twice).await.problem(422, "validation_failed");
    assert_eq!(refused.errors(), [("/custom_fields/a", "duplicate_field")]);
    let unseen = json!({"subject": "\u{200b}\u{feff}", "description": "\u{2060}"});
    let refused = customer.post("/v1/tickets", unseen).await.problem(422, "validation_failed");
    assert_eq!(refused.errors(), [("/subject", "required"), ("/description", "required")]);
    for coding in ["br", "gzip", "identity, br"] {
        let request = customer.request(Method::POST, "/v1/tickets").header("content-encoding", coding);
        let coded = request.json(&json!({"subject": "x", "description": "y"}));
        customer.send(coded).await.problem(415, "unsupported_content_encoding");
    }
    let request = customer.request(Method::POST, "/v1/tickets").header("content-encoding", "identity");
    let plain = customer.send(request.json(&json!({"subject": "x", "description": "y"}))).await.expect(201);
    assert_eq!(plain.headers["x-content-type-options"], "nosniff");
}

/// Some kilobytes that a parser would make gigabytes of, by each way that markup comes.
#[tokio::test(flavor = "multi_thread")]
async fn markup_that_multiplies_is_refused_by_each_way() {
    let app = App::start().await;
    let agent = app.agent();
    let ticket = agent.open("x").await;
    let replied = agent.post(&format!("{ticket}/reply"), json!({"body": "x"})).await.expect(200);
    let message = replied.body["message_id"].as_str().unwrap().to_owned();
    let open = (0..1_000).map(|id| format!("<b id={id}>")).collect::<Vec<_>>().concat();
    let html = format!("<p>{open}{}", "<p>x".repeat(4_000));
    let body = json!({"body": "x", "html": html});
    for path in ["reply", "note", &format!("messages/{message}/edit")] {
        let refused =
            agent.post(&format!("{ticket}/{path}"), body.clone()).await.problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("/html", "too_complex")]);
    }
    let id = ticket.rsplit('/').next().unwrap();
    let commands = ["reply", "note"].map(|kind| json!({"type": kind, "id": id, "body": "x", "html": html}));
    let bulk = agent.post("/v1/commands", json!({"commands": commands})).await.expect(200);
    for result in bulk.body["results"].as_array().unwrap() {
        assert_eq!(
            (&result["status"], &result["problem"]["errors"][0]["code"]),
            (&json!(422), &json!("too_complex"))
        );
    }
    let fine = json!({"body": "x", "html": "<p onclick=x()>Hi</p>"});
    agent.post(&format!("{ticket}/reply"), fine).await.expect(200);
    let kept = "SELECT count(*) FROM events WHERE payload->>'html' = '<p>Hi</p>'";
    assert_eq!(app.count(kept).await, 1);
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
