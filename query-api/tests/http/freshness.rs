//! Answers that have to reflect a position.

use std::time::{Duration, Instant};

use crate::app::App;
use crate::ticket::Ticket;

#[tokio::test(flavor = "multi_thread")]
async fn a_position_is_waited_for() {
    let mut app = App::without_projections().await;
    let ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let (position, path) = (ticket.position, ticket.path());
    let at = position.to_string();
    let wanted = ("docket-min-position", at.as_str());
    let late = app.agent().get_with(&path, &[wanted, ("prefer", "wait=0")]).await;
    assert_eq!(late.headers["retry-after"], "1");
    late.refused(503, "not_yet_visible");
    let start = Instant::now();
    app.agent().get_with(&path, &[wanted, ("prefer", "wait=1")]).await.refused(503, "not_yet_visible");
    let waited = start.elapsed();
    assert!(waited >= Duration::from_secs(1) && waited < Duration::from_millis(1900), "{waited:?}");
    // What is read from the log is there at once.
    let history = app.agent().get_with(&format!("{path}/history"), &[wanted, ("prefer", "wait=0")]).await;
    assert!(history.position() >= position);
    history.ok();

    app.project();
    let found = app.agent().get_at(&path, position).await;
    assert!(found.position() >= position);
    found.ok();
    for path in ["/v1/tickets", "/v1/tickets?q=x", "/v1/queues", "/v1/projections", "/v1/events"] {
        let answer = app.agent().get_at(path, position).await;
        assert!(answer.position() >= position, "{path}");
        answer.ok();
    }
    for bad in ["-1", "soon", "1.5", ""] {
        app.agent()
            .get_with("/v1/tickets", &[("docket-min-position", bad)])
            .await
            .refused(400, "invalid_position");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_wait_together() {
    let mut app = App::without_projections().await;
    let ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let position = ticket.position.to_string();
    let request = || {
        let headers = [("docket-min-position", position.as_str()), ("prefer", "wait=10")];
        app.agent().request("/v1/tickets", &headers)
    };
    // More than the pool has connections.
    let waiting: Vec<_> =
        (0..40).map(|_| tokio::spawn(tower::ServiceExt::oneshot(app.router.clone(), request()))).collect();
    app.project();
    for one in waiting {
        assert_eq!(one.await.unwrap().unwrap().status(), 200);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn projections_tell_how_far_they_are() {
    let mut app = App::without_projections().await;
    let position = Ticket::open(&app, "TKT-1", "carla").await.position;
    let before = app.agent().get("/v1/projections").await.ok();
    let list = |body: &serde_json::Value| {
        let items = body["items"].as_array().unwrap();
        items.iter().find(|item| item["name"] == "ticket_list").unwrap().clone()
    };
    assert_eq!(list(&before)["lag_events"], position);
    assert!(list(&before)["lag_seconds"].as_f64().unwrap() >= 0.0);
    app.project();
    app.agent().get_at("/v1/tickets", position).await.ok();
    let after = app.agent().get("/v1/projections").await.ok();
    assert_eq!((&list(&after)["lag_events"], &list(&after)["lag_seconds"]), (&0.into(), &0.0.into()));
    app.stop().await;
}

/// After an upgrade, until the read model of this version is built beside the one before.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_model_of_another_version_is_not_there_yet() {
    let app = App::start().await;
    let ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let agent = app.agent();
    agent.get_at(&ticket.path(), ticket.position).await.ok();
    sqlx::query("ALTER VIEW read.tickets RENAME COLUMN public_version TO former")
        .execute(&app.owner)
        .await
        .unwrap();
    for path in ["/v1/tickets", &ticket.path()] {
        let answer = agent.get(path).await;
        assert_eq!(answer.headers["retry-after"], "5", "{path}");
        answer.refused(503, "read_model_rebuilding");
    }
    // The log is the log.
    agent.get("/v1/events").await.ok();
    app.stop().await;
}
