//! A client that isn't sure whether it was heard asks again.

use serde_json::json;

use super::harness::App;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_are_one_effect_and_one_answer() {
    let app = App::start().await;
    let client = app.customer();
    let body = json!({"subject": "Once", "description": "Only once."});
    let key = ("idempotency-key", "one-and-only");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (client, body) = (client.clone(), body.clone());
        tasks.spawn(async move { client.post_with("/v1/tickets", body, key).await });
    }
    let mut firsts = 0;
    let mut answers = Vec::new();
    while let Some(answer) = tasks.join_next().await {
        let answer = answer.unwrap();
        if answer.status == 409 {
            answer.problem(409, "command_in_progress");
            continue;
        }
        let answer = answer.expect(201);
        firsts += usize::from(answer.header("idempotency-replayed").is_empty());
        answers.push(answer.body);
    }
    answers.dedup();
    assert_eq!((firsts, answers.len()), (1, 1));
    assert_eq!(app.count("SELECT count(*) FROM events WHERE aggregate_type = 'ticket'").await, 1);

    let again = client.post_with("/v1/tickets", body.clone(), key).await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &answers[0]));
    assert_eq!(again.header("location"), format!("/v1/tickets/{}", answers[0]["id"].as_str().unwrap()));
    let other = json!({"subject": "Twice", "description": "Only once."});
    client.post_with("/v1/tickets", other, key).await.problem(422, "idempotency_key_reused");
    // Somebody else's key of the same name is another key.
    app.client("customer", "stefan").post_with("/v1/tickets", body, key).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_answered_as_before_whatever_has_happened_since() {
    let app = App::start().await;
    let agent = app.agent();
    let path = agent.open("x").await;
    let resolve = format!("{path}/resolve");
    let key = ("idempotency-key", "r");
    let first = agent.post_with(&resolve, json!({"notes": "Done."}), key).await.expect(200);
    agent.post(&format!("{path}/cancel"), json!({})).await;
    agent.post(&format!("{path}/close"), json!({})).await.expect(200);
    // Decided now it would be refused; it was carried out then.
    agent.post(&resolve, json!({"notes": "Done."})).await.expect(409);
    let again = agent.post_with(&resolve, json!({"notes": "Done."}), key).await.expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &first.body));
    agent.post_with(&resolve, json!({}), key).await.problem(422, "idempotency_key_reused");
    // What was refused is not remembered: the retry is decided anew.
    let reopen = format!("{path}/reopen");
    let stale = agent.request(reqwest::Method::POST, &reopen).json(&json!({})).header("if-match", "\"1\"");
    agent.send(stale.header("idempotency-key", "s")).await.problem(412, "version_mismatch");
    agent.post_with(&reopen, json!({}), ("idempotency-key", "s")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_do_is_remembered_too() {
    let app = App::start().await;
    let agent = app.agent();
    let path = agent.open("x").await;
    agent.post(&format!("{path}/tags"), json!({"add": ["a"]})).await.expect(200);
    let key = ("idempotency-key", "nothing");
    let first = agent.post_with(&format!("{path}/tags"), json!({"add": ["a"]}), key).await.expect(200);
    let again = agent.post_with(&format!("{path}/tags"), json!({"add": ["a"]}), key).await.expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &first.body));
}
