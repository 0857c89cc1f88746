//! Many writers at once, and writers with conditions.

use serde_json::json;

use super::harness::App;

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_on_one_ticket_all_succeed_once() {
    let app = App::start().await;
    let agent = app.agent();
    let path = agent.open("Everybody answers").await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..64 {
        let (agent, path) = (agent.clone(), format!("{path}/reply"));
        tasks.spawn(async move {
            agent.post(&path, json!({"body": format!("Answer {number}")})).await.expect(200).version()
        });
    }
    let mut versions: Vec<i64> = tasks.join_all().await;
    versions.sort_unstable();
    assert_eq!(versions, (2..=65).collect::<Vec<_>>());
    assert_eq!(app.count("SELECT count(DISTINCT payload->>'body') FROM events WHERE sequence > 1").await, 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn if_match_lets_one_of_many_through() {
    let app = App::start().await;
    let agent = app.agent();
    let path = agent.open("x").await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (agent, path) = (agent.clone(), format!("{path}/reply"));
        tasks.spawn(async move {
            let body = json!({"body": format!("Answer {number}")});
            agent.post_with(&path, body, ("if-match", "\"1\"")).await
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.problem(412, "version_mismatch").body["version"], 2);
    }
    agent.post_with(&format!("{path}/reply"), json!({"body": "x"}), ("if-match", "\"2\"")).await.expect(200);
}

/// Two processes on one log: each has a memory of its own, which may be behind.
#[tokio::test(flavor = "multi_thread")]
async fn another_process_is_noticed() {
    let app = App::start().await;
    let there = app.beside(app.token("desk", "support_agent", "bea")).await;
    let here = app.agent();
    let path = here.open("x").await;
    for round in 0..10 {
        here.post(&format!("{path}/reply"), json!({"body": format!("here {round}")})).await.expect(200);
        there.post(&format!("{path}/reply"), json!({"body": format!("there {round}")})).await.expect(200);
    }
    // Decided on what the other has done, though it is not in memory here.
    there.post(&format!("{path}/resolve"), json!({})).await.expect(200);
    here.post(&format!("{path}/close"), json!({})).await.expect(200);
    let closed = there.post(&format!("{path}/resolve"), json!({})).await;
    closed.problem(409, "transition_not_allowed");
}
