//! Bad input: each has a clear answer, and leaves no trace but its refusal.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use docket_tests::{Answer, Client, Docket};
use reqwest::Method;
use serde_json::{Value, json};

async fn post_raw(client: &Client, body: impl Into<reqwest::Body>) -> Answer {
    let request = client.request(Method::POST, "/v1/tickets").header("content-type", "application/json");
    client.send(request.body(body)).await
}

fn opening(subject: &str) -> Value {
    json!({"subject": subject, "description": "As said."})
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies() {
    let docket = Docket::up().await;
    let client = docket.client("customer", "carla");

    post_raw(&client, "{\"subject\": ").await.expect_problem(400, "malformed_json");
    post_raw(&client, r#"{"subject":"\ud800","description":"x"}"#)
        .await
        .expect_problem(400, "malformed_json");
    post_raw(&client, b"{\"subject\":\"\xff\xfe\",\"description\":\"x\"}".to_vec())
        .await
        .expect_problem(400, "malformed_json");

    let unknown =
        client.post("/v1/tickets", json!({"subject": "x", "description": "y", "color": "red"})).await;
    let unknown = unknown.expect(422);
    assert!(unknown.body.to_string().contains("color"), "{:#}", unknown.body);
    let wrong_type = client.post("/v1/tickets", json!({"subject": 7, "description": "y"})).await.expect(422);
    assert_eq!(wrong_type.errors()[0].0, "/subject", "{:#}", wrong_type.body);

    for (subject, code) in
        [("", "required"), ("   ", "required"), (&"x".repeat(501), "too_long"), ("a\0b", "invalid_character")]
    {
        let refused =
            client.post("/v1/tickets", opening(subject)).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("/subject".to_owned(), code.to_owned())], "{:#}", refused.body);
    }
    client.post("/v1/tickets", opening(&"x".repeat(500))).await.expect(201);

    post_raw(&client, format!(r#"{{"subject":"big","description":"{}"}}"#, "x".repeat(2_000_000)))
        .await
        .expect_problem(413, "body_too_large");
    let plain =
        client.request(Method::POST, "/v1/tickets").header("content-type", "text/plain").body("hello");
    client.send(plain).await.expect_problem(415, "unsupported_media_type");
    let fields = json!({"subject": "x", "description": "y", "custom_fields": {"a": "b\u{0}c"}});
    client.post("/v1/tickets", fields).await.expect_problem(422, "validation_failed");
    let priority = json!({"subject": "x", "description": "y", "priority": "meteoric"});
    client.post("/v1/tickets", priority).await.expect_problem(422, "validation_failed");

    assert_eq!(count_of_tickets(&docket).await, 1, "what was refused left nothing");
}

async fn count_of_tickets(docket: &Docket) -> i64 {
    let sql = "SELECT count(*) FROM events WHERE event_type = 'TicketOpened'";
    sqlx::query_scalar(sql).fetch_one(&docket.postgres().await).await.expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_that_are_not_there_or_not_theirs() {
    let docket = Docket::up().await;
    docket.run_ok(&["tenant", "create", "other"]);
    let agent = docket.client("support_agent", "amir");
    let customer = docket.client("customer", "carla");
    let token = docket.run_ok(&["token", "--tenant", "other", "--role", "support_agent", "--sub", "olga"]);
    let outsider = Client::new(docket.url(), Some(&token));
    let opened = customer.open("Mine").await;
    let path = format!("/v1/tickets/{}", opened.text("id"));
    let nowhere = "/v1/tickets/0198c0de-0000-7000-8000-000000000000";

    let mut bodies = Vec::new();
    for (client, path) in
        [(&outsider, path.as_str()), (&agent, nowhere), (&docket.client("customer", "stefan"), &path)]
    {
        for answer in [
            client.get_at(path, opened.position()).await,
            client.post(&format!("{path}/reply"), json!({"body": "x"})).await,
        ] {
            let mut body = answer.expect_problem(404, "not_found").body;
            body["request_id"] = Value::Null;
            bodies.push(body);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "another's ticket and no ticket look the same: {bodies:#?}");
    // A number belongs to its tenant, so the outsider's TKT-00000001 is another.
    outsider.get("/v1/tickets/TKT-00000001").await.expect_problem(404, "not_found");

    // Wrong transition, naming the status and what is allowed.
    customer.post(&format!("{path}/rate"), json!({"rating": 4})).await.expect(409);
    let refused = agent.post(&format!("{path}/close"), json!({})).await;
    let refused = refused.expect_problem(409, "transition_not_allowed").text("detail");
    assert!(refused.contains("new") && refused.contains("in_progress"), "{refused}");

    // A rating by a stranger: an agent is not the requester, another customer can't even see it.
    let second = customer.open("Rated").await;
    let path = format!("/v1/tickets/{}", second.text("id"));
    agent.post(&format!("{path}/status"), json!({"status": "open"})).await.expect(200);
    agent.post(&format!("{path}/resolve"), json!({})).await.expect(200);
    agent.post(&format!("{path}/rate"), json!({"rating": 5})).await.expect(403);
    customer
        .post(&format!("{path}/rate"), json!({"rating": 6}))
        .await
        .expect_problem(422, "validation_failed");
    customer.post(&format!("{path}/rate"), json!({"rating": 5})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_limits_and_times() {
    let docket = Docket::up().await;
    let agent = docket.client("support_agent", "amir");
    let before = agent.get("/v1/tickets").await.expect(200);
    assert_eq!(before.body["items"], json!([]));
    let mut last = 0;
    for number in 0..5 {
        last = agent.open(&format!("Ticket {number}")).await.position();
    }
    let page = agent.get_at("/v1/tickets?limit=2", last).await.expect(200);
    let cursor = page.text("next_cursor");
    let mut forged = cursor.clone().into_bytes();
    let middle = forged.len() / 2;
    forged[middle] = if forged[middle] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).expect("text");
    for bad in [&forged, &cursor[..cursor.len() - 3], "garbage", ""] {
        agent.get(&format!("/v1/tickets?limit=2&cursor={bad}")).await.expect_problem(400, "invalid_cursor");
    }
    agent
        .get(&format!("/v1/tickets?limit=2&status=open&cursor={cursor}"))
        .await
        .expect_problem(400, "invalid_cursor");
    for limit in ["0", "-1", "201", "99999999999999999999", "ten"] {
        let refused = agent.get(&format!("/v1/tickets?limit={limit}")).await.expect(400);
        assert!(refused.body.to_string().contains("limit"), "{:#}", refused.body);
    }
    let mut seen = page.body["items"].as_array().expect("items").clone();
    let mut next = Some(cursor);
    while let Some(cursor) = next {
        let page = agent.get(&format!("/v1/tickets?limit=2&cursor={cursor}")).await.expect(200);
        seen.extend(page.body["items"].as_array().expect("items").clone());
        next = page.body["next_cursor"].as_str().map(str::to_owned);
    }
    assert_eq!(seen.len(), 5);

    let path = format!("/v1/tickets/{}", seen[0]["id"].as_str().expect("an id"));
    agent.get(&format!("{path}?as_of=1999-01-01T00:00:00Z")).await.expect_problem(404, "not_found");
    agent.get(&format!("{path}?as_of=0")).await.expect_problem(404, "not_found");
    agent.get(&format!("{path}?as_of=2999-01-01T00:00:00Z")).await.expect_problem(422, "as_of_in_future");
    agent.get(&format!("{path}?as_of={}", last + 1_000)).await.expect_problem(422, "as_of_in_future");
    agent.get(&format!("{path}?as_of=yesterday")).await.expect(400);
    let request =
        agent.request(Method::GET, "/v1/tickets").header("docket-min-position", (last + 1_000).to_string());
    let refused = agent.send(request.header("prefer", "wait=1")).await.expect_problem(503, "not_yet_visible");
    assert!(!refused.header("retry-after").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens() {
    let docket = Docket::up().await;
    let client = Client::new(docket.url(), None);
    client.get("/v1/tickets").await.expect_problem(401, "token_missing");
    let good = docket.token("support_agent", "amir");
    client.with_token(&good).get("/v1/tickets").await.expect(200);
    let parts: Vec<&str> = good.split('.').collect();
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).expect("base64")).expect("JSON");

    let unsigned = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#), parts[1]);
    let mut promoted = claims.clone();
    promoted["roles"] = json!(["platform_admin"]);
    let tampered = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(promoted.to_string()), parts[2]);
    for bad in [unsigned.as_str(), &tampered, "abc", "a.b.c", &good[..good.len() - 4]] {
        let refused = client.with_token(bad).get("/v1/tickets").await.expect(401);
        assert!(refused.header("www-authenticate").starts_with("Bearer"), "{:?}", refused.headers);
    }
    // Signed by the right key, but not for us, not any more, not complete.
    let key = signing_key(&docket);
    for (claim, value, code) in [
        ("aud", json!("somebody-else"), "token_invalid"),
        ("iss", json!("https://issuer.example"), "token_invalid"),
        ("exp", json!(1_000_000_000), "token_expired"),
        ("exp", Value::Null, "token_invalid"),
        ("tenant", json!("not-an-id"), "token_invalid"),
    ] {
        let mut changed = claims.clone();
        changed[claim] = value;
        if changed[claim].is_null() {
            changed.as_object_mut().expect("claims").remove(claim);
        }
        client.with_token(&sign(&key, parts[0], &changed)).get("/v1/tickets").await.expect_problem(401, code);
    }
    // The same claims signed by another docket's key.
    let stranger = Docket::up().await;
    let other = sign(&signing_key(&stranger), parts[0], &claims);
    client.with_token(&other).get("/v1/tickets").await.expect_problem(401, "token_invalid");
    // No identity from a plain header.
    let request = client
        .request(Method::GET, "/v1/tickets")
        .header("x-tenant", "default")
        .header("x-role", "platform_admin");
    client.send(request).await.expect_problem(401, "token_missing");
}

pub(crate) fn signing_key(docket: &Docket) -> jsonwebtoken::EncodingKey {
    let dir = docket.data_dir();
    let found =
        walk(&dir).into_iter().find(|path| path.extension().is_some_and(|extension| extension == "pem"));
    let path = found.expect("the development issuer's key is a .pem file in the data directory");
    jsonwebtoken::EncodingKey::from_ed_pem(&std::fs::read(path).expect("readable")).expect("an Ed25519 key")
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}

pub(crate) fn sign(key: &jsonwebtoken::EncodingKey, header: &str, claims: &Value) -> String {
    let header: jsonwebtoken::Header =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64")).expect("a header");
    jsonwebtoken::encode(&header, claims, key).expect("a token")
}
