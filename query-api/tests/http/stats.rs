//! How the work went.

use serde_json::{Value, json};

use crate::app::App;
use crate::ticket::{Ticket, at};

fn status(to: &str, category: &str) -> Value {
    json!({"from": "open", "from_category": "open", "to": to, "to_category": category})
}

/// A ticket that is answered after an hour and resolved after a day.
async fn answered<'a>(app: &'a App, number: &str, opened: &str, day: &str, more: Value) -> Ticket<'a> {
    let mut ticket = Ticket::unopened(app, "default");
    let mut payload = json!({
        "number": number, "subject": "No toner", "description": "As said.", "requester": {"id": "carla"},
        "status": "new", "status_category": "new", "priority": "medium", "priority_rank": 3,
        "source": "portal",
    });
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ticket.event_of("TicketOpened", payload, &at(opened, "carla", "customer")).await;
    let reply = json!({
        "message_id": uuid::Uuid::nil(), "author": {"id": "amir", "kind": "agent"}, "body": "Seen.",
        "first_response": true,
    });
    ticket.event_of("ReplyAdded", reply, &at(&format!("{day}T11:00:00Z"), "amir", "agent")).await;
    ticket
}

/// Three tickets of a week: one resolved, rated and reopened, one resolved, one open.
async fn week(app: &App) -> i64 {
    let more = json!({"category": "billing", "assignment": {"agent": "amir"}});
    let mut one = answered(app, "TKT-1", "2026-03-02T10:00:00Z", "2026-03-02", more).await;
    one.event_of(
        "TicketResolved",
        status("resolved", "resolved"),
        &at("2026-03-03T10:00:00Z", "amir", "agent"),
    )
    .await;
    one.event_of("TicketRated", json!({"rating": 4}), &at("2026-03-03T12:00:00Z", "carla", "customer")).await;
    let mut reopened = status("open", "open");
    reopened["count"] = 1.into();
    one.event_of("TicketReopened", reopened, &at("2026-03-04T10:00:00Z", "carla", "customer")).await;
    one.event_of(
        "TicketResolved",
        status("resolved", "resolved"),
        &at("2026-03-06T10:00:00Z", "amir", "agent"),
    )
    .await;
    let more = json!({"priority": "high", "priority_rank": 2});
    let mut two = answered(app, "TKT-2", "2026-03-04T23:30:00Z", "2026-03-05", more).await;
    two.event_of("TicketClosed", status("closed", "closed"), &at("2026-03-06T10:00:00Z", "amir", "agent"))
        .await;
    answered(app, "TKT-3", "2026-03-05T10:00:00Z", "2026-03-05", json!({})).await.position
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_count_when_it_happened_under_what_the_ticket_is_now() {
    let app = App::start().await;
    let position = week(&app).await;
    let lead = app.as_user("lea", "support_lead");
    let all = lead.get_at("/v1/stats", position).await.ok();
    let total = &all["total"];
    assert_eq!(all["items"], json!([]));
    for (name, count) in [("created", 3), ("resolved", 3), ("closed", 1), ("reopened", 1)] {
        assert_eq!(total[name], count, "{name}");
    }
    assert_eq!(total["reopen_rate"], 0.3333);
    assert_eq!(total["first_response"]["count"], 3);
    // One hour twice, eleven and a half once.
    assert_eq!(total["first_response"]["mean_seconds"], 16_200.0);
    let p50 = total["first_response"]["p50_seconds"].as_f64().unwrap();
    assert!((p50 - 3_600.0).abs() <= 36.0, "{p50}");
    // Of the reopened one the last resolving stands: four days; the other took a day and 10.5 hours.
    assert_eq!(total["resolution"]["count"], 2);
    assert_eq!(total["resolution"]["mean_seconds"], 234_900.0);
    assert_eq!(total["rating"], json!({"count": 1, "mean": 4.0, "distribution": [0, 0, 0, 1, 0]}));

    let by = lead.get("/v1/stats?group_by=priority").await.ok();
    let keys: Vec<_> = by["items"].as_array().unwrap().iter().map(|item| &item["key"]["priority"]).collect();
    assert_eq!(keys, ["high", "medium"]);
    let agents = lead.get("/v1/stats/agents").await.ok();
    assert_eq!(agents["items"][0]["key"], json!({"agent": "amir"}));
    assert_eq!(agents["items"][0]["rating"]["count"], 1);
    assert_eq!(agents["items"][1]["key"], json!({"agent": null}));
    let rated = lead.get("/v1/stats/satisfaction?group_by=category").await.ok();
    assert_eq!(rated["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        rated["items"][0],
        json!({"key": {"category": "billing"}, "count": 1, "mean": 4.0, "distribution": [0, 0, 0, 1, 0],
               "unrated": 0, "response_rate": 1.0})
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn days_begin_where_one_is() {
    let app = App::start().await;
    let position = week(&app).await;
    let lead = app.as_user("lea", "support_lead");
    let created = |answer: &Value| -> Vec<Value> {
        let items = answer["items"].as_array().unwrap().iter();
        items.filter(|item| item["created"] != 0).map(|item| item["key"]["day"].clone()).collect()
    };
    let utc = lead.get_at("/v1/stats/volume", position).await.ok();
    assert_eq!(created(&utc), ["2026-03-02", "2026-03-04", "2026-03-05"]);
    let berlin = lead.get("/v1/stats/volume?time_zone=Europe/Berlin").await.ok();
    assert_eq!(created(&berlin), ["2026-03-02", "2026-03-05"]);
    let kathmandu = lead.get("/v1/stats/volume?time_zone=Asia/Kathmandu&group_by=day").await.ok();
    assert_eq!(created(&kathmandu), ["2026-03-02", "2026-03-05"]);
    let week = lead.get("/v1/stats/volume?group_by=week&from=2026-03-04T00:00:00Z").await.ok();
    assert_eq!(week["items"][0]["key"], json!({"week": "2026-03-02"}));
    assert_eq!(week["total"]["created"], 2);
    let backlog = |answer: &Value| -> Vec<Value> {
        answer["items"].as_array().unwrap().iter().map(|item| item["backlog"].clone()).collect()
    };
    // Opened on the 2nd, resolved on the 3rd, back on the 4th with another, …, one is left on the 6th.
    assert_eq!(backlog(&utc), [1, 0, 2, 3, 1]);
    assert_eq!((&utc["total"]["backlog"], backlog(&week)), (&json!(1), vec![json!(1)]));
    let since = lead.get("/v1/stats/volume?from=2026-03-05T00:00:00Z&to=2026-03-06T00:00:00Z").await.ok();
    assert_eq!(backlog(&since), [3], "what came before counts");
    let none = lead.get("/v1/stats/volume?to=2026-03-01T00:00:00Z").await.ok();
    assert_eq!((&none["items"], &none["total"]["created"]), (&json!([]), &json!(0)));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_takes_its_figures_along() {
    let app = App::start().await;
    let more = json!({"category": "billing"});
    let mut ticket = answered(&app, "TKT-1", "2026-03-02T10:00:00Z", "2026-03-02", more).await;
    let lead = app.as_user("lea", "support_lead");
    let position =
        ticket.event("CategoryChanged", json!({"from": "billing", "to": "hardware"}), "amir", "agent").await;
    let by = lead.get_at("/v1/stats?group_by=category", position).await.ok();
    assert_eq!(by["items"].as_array().unwrap().len(), 1, "{by}");
    assert_eq!(by["items"][0]["key"], json!({"category": "hardware"}));
    assert_eq!(by["items"][0]["first_response"]["count"], 1);
    let position = ticket.event("TicketMarkedSpam", json!({}), "amir", "agent").await;
    let none = lead.get_at("/v1/stats", position).await.ok();
    assert_eq!(
        (&none["total"]["created"], &none["total"]["first_response"]["count"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(none["total"]["first_response"]["p99_seconds"], Value::Null);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_the_tenants_and_for_those_who_may_read_them() {
    let app = App::start().await;
    app.create_tenant("other").await;
    let position = Ticket::open_with(&app, "other", "TKT-1", "otto", json!({})).await.position;
    let lead = app.as_user("lea", "support_lead");
    assert_eq!(lead.get_at("/v1/stats", position).await.ok()["total"]["created"], 0);
    for path in ["/v1/stats", "/v1/stats/volume", "/v1/stats/agents", "/v1/stats/satisfaction"] {
        app.agent().get(path).await.refused(403, "forbidden");
        app.customer("carla").get(path).await.refused(403, "forbidden");
        let refused = lead.get(&format!("{path}?group_by=colour")).await.refused(400, "invalid_parameter");
        assert_eq!(refused["parameter"], "group_by");
    }
    app.stop().await;
}
