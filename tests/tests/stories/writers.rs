//! Many writers at once.

use docket_tests::Docket;
use serde_json::json;

use crate::log::{Acknowledged, assert_log_holds};

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_writers_on_one_ticket_all_succeed_once() {
    let docket = Docket::up().await;
    let agent = docket.client("support_agent", "amir");
    let opened = agent.open("Everybody answers").await;
    let path = format!("/v1/tickets/{}/reply", opened.text("id"));

    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..64 {
        let (agent, path) = (agent.clone(), path.clone());
        tasks.spawn(async move {
            agent.post(&path, json!({"body": format!("Answer {number}")})).await.expect(200)
        });
    }
    let mut acknowledged = vec![Acknowledged::of(&opened)];
    while let Some(answer) = tasks.join_next().await {
        acknowledged.push(Acknowledged::of(&answer.expect("a task")));
    }
    let mut versions: Vec<i64> = acknowledged.iter().map(|each| each.version).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=65).collect::<Vec<_>>());
    assert_log_holds(&docket, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn if_match_lets_one_of_two_through() {
    let docket = Docket::up().await;
    let agent = docket.client("support_agent", "amir");
    let opened = agent.open("Two agents").await;
    let path = format!("/v1/tickets/{}/priority", opened.text("id"));
    let stale = ("if-match", "\"1\"");
    agent.post_with(&path, json!({"priority": "high"}), stale).await.expect(200);
    let refused = agent.post_with(&path, json!({"priority": "low"}), stale).await;
    refused.expect_problem(412, "version_mismatch");
}
