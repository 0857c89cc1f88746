//! What a newcomer does first.

use docket_tests::{Docket, eventually};
use reqwest::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_opened_answered_resolved_rated_and_replayed() {
    let docket = Docket::up().await;
    let customer = docket.client("customer", "carla");
    let agent = docket.client("support_agent", "amir");

    let opened = customer
        .post(
            "/v1/tickets",
            json!({"subject": "No toner", "description": "Second floor.", "priority": "high"}),
        )
        .await
        .expect(201);
    let (id, number) = (opened.text("id"), opened.text("number"));
    assert_eq!(number, "TKT-00000001");
    assert_eq!(opened.header("location"), format!("/v1/tickets/{id}"));
    assert_eq!(opened.header("etag"), "\"1\"");
    let first = opened.position();

    let path = format!("/v1/tickets/{id}");
    agent.post(&format!("{path}/assign"), json!({"agent": "amir"})).await.expect(200);
    agent.post(&format!("{path}/note"), json!({"body": "Toner is in the cellar."})).await.expect(200);
    agent
        .post(
            &format!("/v1/tickets/{number}/reply"),
            json!({"body": "I'm on my way.", "status": "in_progress"}),
        )
        .await
        .expect(200);
    let resolved =
        agent.post(&format!("{path}/resolve"), json!({"notes": "New cartridge."})).await.expect(200);
    let rated =
        customer.post(&format!("{path}/rate"), json!({"rating": 5, "comment": "Fast!"})).await.expect(200);

    let list = agent
        .get_at("/v1/tickets?status=resolved&assignee=me&count=true", rated.position())
        .await
        .expect(200);
    assert_eq!(list.body["total"], 1, "{:#}", list.body);
    let row = &list.body["items"][0];
    assert_eq!((&row["number"], &row["rating"]), (&json!(number), &json!(5)), "{row:#}");
    assert!(list.position() >= rated.position());

    let now = agent.get(&path).await.expect(200);
    assert_eq!(now.body["status"], "resolved");
    assert!(now.body["first_responded_at"].is_string(), "{:#}", now.body);
    let then = agent.get(&format!("{path}?as_of={first}")).await.expect(200);
    assert_eq!((&then.body["status"], &then.body["version"]), (&json!("new"), &json!(1)), "{:#}", then.body);

    let seen_by_agent = agent.get(&format!("{path}/messages")).await.expect(200);
    let seen_by_customer = customer.get(&format!("{path}/messages")).await.expect(200);
    assert_eq!(seen_by_agent.body["items"].as_array().map(Vec::len), Some(2), "{:#}", seen_by_agent.body);
    assert_eq!(
        seen_by_customer.body["items"].as_array().map(Vec::len),
        Some(1),
        "{:#}",
        seen_by_customer.body
    );
    let activity = customer.get(&format!("{path}/activity")).await.expect(200);
    assert!(!activity.body.to_string().contains("note_added"), "{:#}", activity.body);

    let queues = agent.get_at("/v1/queues", resolved.position()).await.expect(200);
    assert!(queues.body.to_string().contains("resolved"), "{:#}", queues.body);

    let replay = docket.run_ok(&["replay", &number, "--tenant", "default"]);
    assert!(replay.contains("TicketResolved"), "{replay}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_everything_and_the_data_stays() {
    let mut docket = Docket::up().await;
    let opened = docket.client("customer", "carla").open("Stays").await;
    let before = docket.status();
    assert!(docket.interrupt().await.success(), "{}", docket.log());
    for engine in ["postgres", "nats"] {
        let pid = before[engine]["pid"].as_u64().expect("a pid");
        eventually("its engine is gone", || async move { (!running(pid)).then_some(()) }).await;
    }
    docket.up_again().await;
    let path = format!("/v1/tickets/{}", opened.text("id"));
    let found = docket.client("support_agent", "amir").get_at(&path, opened.position()).await.expect(200);
    assert_eq!(found.body["subject"], "Stays");
}

fn running(pid: u64) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_are_there() {
    let docket = Docket::up().await;
    let anyone = docket_tests::Client::new(docket.url(), None);
    for (path, holds) in [
        ("/healthz", ""),
        ("/readyz", ""),
        ("/openapi.json", "3.1"),
        ("/asyncapi.json", "TicketOpened"),
        ("/schemas", "urn:docket:schema:TicketOpened:1"),
        ("/docs", "/v1/tickets"),
        ("/metrics", "docket_"),
        ("/", "Docket"),
    ] {
        let answer = anyone.get(path).await.expect(200);
        assert!(answer.body.to_string().contains(holds), "{path} holds {holds}");
    }
    let openapi = anyone.get("/openapi.json").await.body;
    for path in ["/v1/tickets", "/v1/tickets/{id}/reply", "/v1/events/stream", "/v1/commands"] {
        assert!(openapi["paths"][path].is_object(), "OpenAPI has {path}");
    }
    anyone.send(anyone.request(Method::GET, "/nowhere")).await.expect_problem(404, "not_found");
}
