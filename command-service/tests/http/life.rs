//! A ticket's life, and the headers of every answer.

use serde_json::json;

use super::harness::App;

#[tokio::test(flavor = "multi_thread")]
async fn from_open_to_rated() {
    let app = App::start().await;
    let (customer, agent) = (app.customer(), app.agent());
    let opened = customer.post("/v1/tickets", json!({"subject": "Printer", "description": "On fire."})).await;
    let opened = opened.expect(201);
    let id = opened.body["id"].as_str().unwrap();
    let path = format!("/v1/tickets/{id}");
    assert_eq!(opened.header("location"), path);
    assert_eq!(opened.header("etag"), "\"1\"");
    assert_eq!(opened.header("docket-position"), opened.body["position"].to_string());
    assert_eq!(opened.body["number"], "TKT-00000001");
    assert!(!opened.header("x-request-id").is_empty());

    // By number as well as by id, at once.
    let number = opened.body["number"].as_str().unwrap();
    let assigned =
        agent.post(&format!("/v1/tickets/{number}/assign"), json!({"agent": "amir"})).await.expect(200);
    assert_eq!((assigned.body["id"].as_str(), assigned.version()), (Some(id), 2));
    let replied = agent.post(&format!("{path}/reply"), json!({"body": "Use water.", "status": "open"})).await;
    let message = replied.expect(200).body["message_id"].as_str().unwrap().to_owned();
    let edit = json!({"body": "Use sand."});
    agent.post(&format!("{path}/messages/{message}/edit"), edit).await.expect(200);
    customer.post(&format!("{path}/messages/{message}/read"), json!({})).await.expect(200);
    agent.post(&format!("{path}/note"), json!({"body": "He has no sand."})).await.expect(200);
    agent.post(&format!("{path}/tags"), json!({"add": ["fire"]})).await.expect(200);
    agent.post(&format!("{path}/custom-fields"), json!({"floor": 3})).await.expect(200);
    agent
        .post(&format!("{path}/escalate"), json!({"to_role": "support_lead", "reason": "Fire"}))
        .await
        .expect(200);
    agent.post(&format!("{path}/priority"), json!({"priority": "critical"})).await.expect(200);
    agent.post(&format!("{path}/resolve"), json!({"notes": "Burnt down."})).await.expect(200);
    customer.post(&format!("{path}/rate"), json!({"rating": 5})).await.expect(200);

    // Doing it again is an answer, not an error, and leaves nothing behind.
    let last = agent.post(&format!("{path}/tags"), json!({"add": ["fire"]})).await.expect(200);
    let again = agent.post(&format!("{path}/tags"), json!({"add": ["fire"]})).await.expect(200);
    assert_eq!((again.version(), &again.body["position"]), (last.version(), &last.body["position"]));
    let events = app.count("SELECT count(*) FROM events WHERE aggregate_type = 'ticket'").await;
    assert_eq!(events, again.version());

    // No body at all is a body without fields.
    let closed = agent.send(agent.request(reqwest::Method::POST, &format!("{path}/close"))).await;
    closed.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn circumstances_are_kept() {
    let app = App::start().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = app
        .customer()
        .request(reqwest::Method::POST, "/v1/tickets")
        .json(&json!({"subject": "a", "description": "b"}))
        .header("x-request-id", "abc-123")
        .header("user-agent", "browser/1")
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let opened = app.customer().send(request).await.expect(201);
    assert_eq!(opened.header("x-request-id"), "abc-123");
    let metadata: serde_json::Value =
        sqlx::query_scalar("SELECT metadata FROM events WHERE aggregate_type = 'ticket'")
            .fetch_one(&app.owner)
            .await
            .unwrap();
    assert_eq!(metadata["request_id"], "abc-123");
    assert_eq!(metadata["actor"]["id"], "carla");
    assert_eq!(metadata["ip"], "127.0.0.1");
    assert_eq!(metadata["user_agent"], "browser/1");
    assert!(metadata["traceparent"].as_str().unwrap().contains(trace));
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_have_no_holes_where_nothing_was_opened() {
    let app = App::start().await;
    let customer = app.customer();
    for (subject, number) in [("One", Some("TKT-00000001")), ("", None), ("Two", Some("TKT-00000002"))] {
        let answer = customer.post("/v1/tickets", json!({"subject": subject, "description": "x"})).await;
        assert_eq!(answer.body["number"].as_str(), number, "{:#}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_transition_names_the_way() {
    let app = App::start().await;
    let agent = app.agent();
    let path = agent.open("x").await;
    agent.post(&format!("{path}/cancel"), json!({})).await.expect(200);
    let refused = agent.post(&format!("{path}/status"), json!({"status": "in_progress"})).await;
    let refused = refused.problem(409, "transition_not_allowed");
    assert_eq!(refused.body["current_status"], "cancelled");
    assert!(refused.body["allowed"].is_array());
    assert!(refused.body["detail"].as_str().unwrap().contains("cancelled"));
}
