//! Many commands in one request.

use serde_json::{Value, json};

use super::harness::{Answer, App};

fn statuses(answer: &Answer) -> Vec<i64> {
    let results = answer.body["results"].as_array().expect("results");
    results.iter().map(|result| result["status"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_has_its_own_result_in_order_per_ticket() {
    let app = App::start().await;
    let agent = app.agent();
    let path = agent.open("x").await;
    let id = path.rsplit('/').next().unwrap();
    let commands = json!([
        {"type": "open", "subject": "a", "description": "b"},
        {"type": "assign", "id": id, "agent": "amir"},
        {"type": "reply", "id": "TKT-00000001", "body": "First"},
        {"type": "resolve", "id": id},
        {"type": "status", "id": id, "status": "nowhere"},
        {"type": "fly", "id": id},
        {"type": "close", "id": "TKT-00000001"},
        {"type": "close", "id": "TKT-77777777"},
        {"type": "reply", "id": id, "body": "x", "colour": 1},
        {"type": "reply", "id": id, "body": "Stale", "if_match": 1},
        7,
    ]);
    let answer = agent.post("/v1/commands", json!({"commands": commands})).await.expect(200);
    assert_eq!(statuses(&answer), [201, 200, 200, 200, 422, 422, 200, 404, 422, 412, 422]);
    let results = &answer.body["results"];
    assert!(results[0]["body"]["number"].is_string());
    let versions: Vec<_> = [1, 2, 3, 6].map(|index: usize| results[index]["body"]["version"].clone()).into();
    assert_eq!(versions, [json!(2), json!(3), json!(4), json!(5)]);
    assert_eq!(results[8]["problem"]["errors"][0]["pointer"], "/colour");
    assert_eq!(results[7]["problem"]["code"], "not_found");
    assert_eq!(results[7]["problem"]["request_id"], answer.header("x-request-id"));
    let highest = app.count("SELECT max(position) FROM events").await;
    assert_eq!(answer.header("docket-position"), highest.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_carries_out_only_what_was_not() {
    let app = App::start().await;
    let agent = app.agent();
    let key = ("idempotency-key", "bulk-1");
    let open = |subject: &str| json!({"type": "open", "subject": subject, "description": "b"});
    let first =
        agent.post_with("/v1/commands", json!({"commands": [open("a"), open("")]}), key).await.expect(200);
    assert_eq!(statuses(&first), [201, 422]);
    let again = json!({"commands": [open("a"), open("mended")]});
    let again = agent.post_with("/v1/commands", again, key).await.expect(200);
    assert_eq!(statuses(&again), [201, 201]);
    assert_eq!(again.body["results"][0]["replayed"], true);
    assert_eq!(again.body["results"][0]["body"], first.body["results"][0]["body"]);
    let other = agent.post_with("/v1/commands", json!({"commands": [open("c")]}), key).await.expect(200);
    assert_eq!(other.body["results"][0]["problem"]["code"], "idempotency_key_reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_are_taken_and_one_more_is_not() {
    let app = App::start().await;
    let agent = app.agent();
    let open = json!({"type": "open", "subject": "a", "description": "b"});
    let many = |count: usize| json!({"commands": vec![open.clone(); count]});
    let answer = agent.post("/v1/commands", many(500)).await.expect(200);
    assert!(statuses(&answer).iter().all(|status| *status == 201));
    let numbers = "SELECT count(DISTINCT payload->>'number') FROM events WHERE event_type = 'TicketOpened'";
    assert_eq!(app.count(numbers).await, 500);
    let refused = agent.post("/v1/commands", many(501)).await.problem(422, "validation_failed");
    assert_eq!(refused.errors(), [("/commands", "too_many")]);
    agent.post("/v1/commands", many(0)).await.problem(422, "validation_failed");
    agent.post("/v1/commands", Value::Null).await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_asked_about_its_own_permission() {
    let app = App::start().await;
    let path = app.customer().open("x").await;
    let id = path.rsplit('/').next().unwrap();
    let commands =
        json!([{"type": "assign", "id": id, "agent": "me"}, {"type": "reply", "id": id, "body": "x"}]);
    let answer = app.customer().post("/v1/commands", json!({"commands": commands})).await.expect(200);
    assert_eq!(statuses(&answer), [403, 200]);
}
