//! Each export is recorded before it leaves, and what can't be recorded doesn't leave.

use axum::http::StatusCode;
use serde_json::json;

use crate::app::App;
use crate::exports::{CSV, NDJSON, file, objects};
use crate::ticket::Ticket;

#[tokio::test(flavor = "multi_thread")]
async fn a_record_says_what_was_asked_by_whom_and_in_which_request() {
    let app = App::start().await;
    let ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let agent = app.agent();
    agent.get_at("/v1/tickets", ticket.position).await.ok();
    assert!(app.recorder.take().is_empty(), "a page isn't an export");

    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = [CSV[0], ("x-request-id", "r-1"), ("user-agent", "curl/8"), ("traceparent", trace)];
    let path = "/v1/tickets?status=new&q=Subject%0Aof&sort=number&status=open";
    let answer = agent.get_with(path, &headers).await;
    assert_eq!(answer.status, 200);
    let recorded = app.recorder.only();
    assert_eq!(
        recorded.body,
        json!({
            "what": "tickets", "form": "csv", "position": answer.position(),
            "parameters": [
                {"name": "status", "value": "new,open"}, {"name": "q", "value": "Subject%0Aof"},
                {"name": "sort", "value": "number"},
            ],
        })
    );
    let token = format!("Bearer {}", agent.token.as_ref().unwrap());
    assert_eq!(recorded.header("authorization"), token);
    assert_eq!((recorded.header("x-request-id"), recorded.header("user-agent")), ("r-1", "curl/8"));
    assert!(recorded.header("traceparent").starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    // No address is known where a test calls the router itself, and none is made up.
    assert!(!recorded.headers.contains_key("x-forwarded-for"));

    let mut near = agent.request("/v1/queues", &headers);
    // What comes over a connection names its host.
    near.headers_mut().insert("host", "docket.example".parse().unwrap());
    let address: std::net::SocketAddr = "203.0.113.9:4711".parse().unwrap();
    near.extensions_mut().insert(axum::extract::ConnectInfo(address));
    assert_eq!(app.send(near).await.status(), StatusCode::OK);
    let told = app.recorder.only();
    assert_eq!(told.header("x-forwarded-for"), "203.0.113.9");
    assert!(told.header("docket-vouched-for").starts_with("203.0.113.9;"));

    // The same request id stands for two exports, which are two records.
    agent.get_with("/v1/tickets", &headers).await;
    assert_ne!(app.recorder.only().header("idempotency-key"), recorded.header("idempotency-key"));

    let path = format!("/v1/tickets/{}/activity?type=created", ticket.id);
    objects(&agent, &path).await;
    let recorded = app.recorder.only().body;
    assert_eq!((&recorded["what"], &recorded["form"]), (&json!("activity"), &json!("ndjson")));
    assert_eq!(
        recorded["parameters"],
        json!([{"name": "id", "value": ticket.id}, {"name": "type", "value": "created"}])
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_record_there_is_no_file() {
    let app = App::start().await;
    let ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let lead = app.as_user("lea", "support_lead");
    lead.get_at("/v1/stats/sla", ticket.position).await.ok();
    let lists = ["/v1/tickets", "/v1/queues", "/v1/stats/sla", "/v1/events", "/v1/tickets/TKT-1/messages"];
    for path in lists {
        app.recorder.refuse(&[403]);
        let refused = lead.get_with(path, &NDJSON).await;
        assert_eq!(refused.headers["retry-after"], "5");
        refused.refused(503, "export_not_recorded");
        app.recorder.only();
        app.recorder.refuse(&[503, 503, 503]);
        lead.get_with(path, &CSV).await.refused(503, "export_not_recorded");
        // What may pass was tried again, under the same key.
        let keys: Vec<_> =
            app.recorder.take().iter().map(|one| one.header("idempotency-key").to_owned()).collect();
        assert_eq!((keys.len(), &keys[0]), (3, &keys[2]));
    }
    app.recorder.refuse(&[503]);
    file(&lead, "/v1/tickets", &CSV).await;
    assert_eq!(app.recorder.take().len(), 2);
    // What is refused anyway isn't recorded.
    lead.get_with("/v1/tickets?limit=5", &CSV).await.refused(400, "invalid_parameter");
    lead.get_with("/v1/tickets/TKT-9/messages", &CSV).await.refused(404, "not_found");
    app.as_user("mia", "support_manager").get_with("/v1/audit", &CSV).await.refused(403, "forbidden");
    assert!(app.recorder.take().is_empty());
    // A file's permit is free again after a refusal: the test's pool leaves room for one export.
    assert_eq!(lead.get_with("/v1/tickets", &CSV).await.status, StatusCode::OK);
    app.stop().await;
}
