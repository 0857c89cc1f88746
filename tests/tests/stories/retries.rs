//! A client that isn't sure whether it was heard asks again.

use docket_tests::Docket;
use serde_json::json;

const OPEN: &str = "/v1/tickets";

#[tokio::test(flavor = "multi_thread")]
async fn fifty_times_at_once_and_after_a_restart_is_one_effect() {
    let mut docket = Docket::up().await;
    let client = docket.client("customer", "carla");
    let body = json!({"subject": "Once", "description": "Only once, please."});
    let key = ("idempotency-key", "one-and-only");

    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (client, body) = (client.clone(), body.clone());
        tasks.spawn(async move { client.post_with(OPEN, body, key).await });
    }
    let (mut answers, mut firsts) = (Vec::new(), 0);
    while let Some(answer) = tasks.join_next().await {
        let answer = answer.expect("a task");
        match answer.status.as_u16() {
            201 => {
                firsts += usize::from(answer.header("idempotency-replayed").is_empty());
                answers.push((answer.text("id"), answer.text("number"), answer.position()));
            }
            _ => drop(answer.expect_problem(409, "command_in_progress")),
        }
    }
    assert_eq!(firsts, 1, "one answer is the first, every other says that it was replayed");
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");

    assert!(docket.interrupt().await.success());
    docket.up_again().await;
    let client = docket.client("customer", "carla");
    let replayed = client.post_with(OPEN, body.clone(), key).await.expect(201);
    assert_eq!(replayed.header("idempotency-replayed"), "true");
    assert_eq!((replayed.text("id"), replayed.text("number"), replayed.position()), answers[0]);

    let other = json!({"subject": "Another", "description": "Only once, please."});
    client.post_with(OPEN, other, key).await.expect_problem(422, "idempotency_key_reused");
    let list = client.get_at("/v1/tickets?count=true", replayed.position()).await.expect(200);
    assert_eq!(list.body["total"], 1);

    // The same key of somebody else is another key.
    let stranger = docket.client("customer", "stefan");
    let own = stranger.post_with(OPEN, body, key).await.expect(201);
    assert_ne!(own.text("id"), answers[0].0);
}
