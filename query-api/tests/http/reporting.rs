//! What statistics are reckoned by, whose they are, and how one keeps up with them.

use std::time::Duration;

use futures::StreamExt as _;
use serde_json::{Value, json};

use crate::app::{App, Caller};
use crate::exports::{objects, records};
use crate::ticket::{Ticket, at};

async fn opened(app: &App, tenant: &str, number: &str, time: &str, more: Value) -> i64 {
    ticket(app, tenant, number, time, more).await.position
}

async fn ticket<'a>(app: &'a App, tenant: &str, number: &str, time: &str, more: Value) -> Ticket<'a> {
    let mut payload = json!({
        "number": number, "subject": "No toner", "description": "As said.", "requester": {"id": "carla"},
        "status": "new", "status_category": "new", "priority": "high", "priority_rank": 2, "source": "portal",
    });
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut ticket = Ticket::unopened(app, tenant);
    ticket.event_of("TicketOpened", payload, &at(time, "carla", "customer")).await;
    ticket
}

fn keys(body: &Value, name: &str) -> Vec<Value> {
    body["items"].as_array().unwrap().iter().map(|item| item["key"][name].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn days_begin_in_the_tenants_own_time_zone_from_whenever_that_is_said() {
    let app = App::start().await;
    let position = opened(&app, "default", "TKT-1", "2026-03-02T20:00:00Z", json!({})).await;
    let lead = app.as_user("lea", "support_lead");
    let before = lead.get_at("/v1/stats/volume", position).await.ok();
    assert_eq!((keys(&before, "day"), &before["time_zone"]), (vec![json!("2026-03-02")], &Value::Null));
    let to = json!({"time_zone": "Asia/Tokyo"});
    let change = json!({"from": {"time_zone": "UTC"}, "to": to});
    let position = app.tenant_event("default", 1, "ReportingChanged", &change).await;
    let after = lead.get_at("/v1/stats?group_by=day", position).await.ok();
    assert_eq!((keys(&after, "day"), &after["time_zone"]), (vec![json!("2026-03-03")], &json!("Asia/Tokyo")));
    let utc = lead.get("/v1/stats?group_by=day&time_zone=UTC").await.ok();
    assert_eq!(keys(&utc, "day"), ["2026-03-02"]);
    let tenant = lead.get("/v1/tenants/default").await;
    assert_eq!(tenant.headers["etag"], "\"2\"");
    assert_eq!(tenant.ok()["reporting"], to);
    lead.get("/v1/tenants/other").await.refused(404, "not_found");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_administers_a_tenant_sees_the_figures_of_what_is_below_it() {
    let app = App::start().await;
    app.create_tenant_below(Some("default"), "north").await;
    app.create_tenant_below(Some("north"), "harbour").await;
    app.create_tenant("elsewhere").await;
    let mut position = 0;
    for (index, tenant) in ["default", "north", "harbour", "harbour", "elsewhere"].into_iter().enumerate() {
        let mut ticket =
            ticket(&app, tenant, &format!("TKT-{index}"), "2026-03-02T10:00:00Z", json!({})).await;
        let reply = json!({
            "message_id": uuid::Uuid::nil(), "author": {"id": "amir", "kind": "agent"}, "body": "Seen.",
            "first_response": true,
        });
        position = ticket.event_of("ReplyAdded", reply, &at("2026-03-02T10:30:00Z", "amir", "agent")).await;
    }
    let admin = app.as_user("ada", "msp_admin");
    let own = admin.get_at("/v1/stats", position).await.ok();
    assert_eq!(own["total"]["created"], 1);
    let tree = admin.get_at("/v1/stats?scope=tree&group_by=tenant", position).await.ok();
    let created: Vec<_> = tree["items"].as_array().unwrap().iter().map(|item| &item["created"]).collect();
    assert_eq!(
        (keys(&tree, "tenant"), created),
        (vec![json!("default"), json!("harbour"), json!("north")], vec![&json!(1), &json!(2), &json!(1)])
    );
    assert_eq!(tree["total"]["created"], 4);
    let sla = admin.get("/v1/stats/sla?scope=tree").await.ok();
    assert_eq!(
        (&sla["total"]["met"], &sla["total"]["missed"]),
        (&json!(4), &json!(0)),
        "each was answered in time"
    );
    assert_eq!(admin.get("/v1/stats/sla").await.ok()["total"]["met"], 1);
    let past = admin.get(&format!("/v1/stats?scope=tree&as_of={}", position - 1)).await.ok();
    assert_eq!(past["total"]["created"], 4);
    let token = app.token("nora", "msp_admin", "north", Duration::from_secs(60));
    let north = Caller { app: &app, token: Some(token) };
    assert_eq!(north.get("/v1/stats?scope=tree").await.ok()["total"]["created"], 3);
    app.as_user("lea", "support_lead").get("/v1/stats?scope=tree").await.refused(403, "forbidden");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_has_already_is_not_sent_again() {
    let app = App::start().await;
    app.create_tenant("other").await;
    let position = opened(&app, "default", "TKT-1", "2026-03-02T20:00:00Z", json!({})).await;
    let lead = app.as_user("lea", "support_lead");
    let first = lead.get_at("/v1/stats?group_by=day", position).await;
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(first.headers["cache-control"], "private, no-cache");
    let again = async |position: i64| {
        let position = position.to_string();
        let headers = [("if-none-match", &*tag), ("docket-min-position", &*position), ("prefer", "wait=10")];
        lead.get_with("/v1/stats?group_by=day", &headers).await
    };
    let unchanged = again(position).await;
    assert_eq!((unchanged.status.as_u16(), &unchanged.body), (304, &json!("")));
    assert_eq!(unchanged.headers["etag"], tag);
    // What happens to others changes nothing here.
    let position = opened(&app, "other", "TKT-1", "2026-03-02T20:00:00Z", json!({})).await;
    assert_eq!(again(position).await.status.as_u16(), 304);
    let position = opened(&app, "default", "TKT-2", "2026-03-02T21:00:00Z", json!({})).await;
    let changed = again(position).await;
    assert_ne!(changed.headers["etag"], tag);
    assert_eq!(changed.ok()["total"]["created"], 2);
    let past = lead.get(&format!("/v1/stats?as_of={position}")).await;
    let tag = past.headers["etag"].to_str().unwrap().to_owned();
    opened(&app, "default", "TKT-3", "2026-03-02T22:00:00Z", json!({})).await;
    let same = lead.get_with(&format!("/v1/stats?as_of={position}"), &[("if-none-match", &tag)]).await;
    assert_eq!(same.status.as_u16(), 304, "the past stays");
    lead.get("/v1/stats?as_of=999999999").await.refused(422, "as_of_in_future");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_busiest_hours_and_the_most_frequent_are_told() {
    let app = App::start().await;
    let mut position = 0;
    for (number, (time, category, tag)) in [
        ("2026-03-02T09:10:00Z", "billing", "vip"),
        ("2026-03-09T09:50:00Z", "billing", "paper"),
        ("2026-03-04T14:00:00Z", "access", "paper"),
        ("2026-02-10T14:00:00Z", "access", "paper"),
    ]
    .into_iter()
    .enumerate()
    {
        let more = json!({"category": category, "tags": [tag]});
        position = opened(&app, "default", &format!("TKT-{number}"), time, more).await;
    }
    let lead = app.as_user("lea", "support_lead");
    for zone in ["", "&time_zone=Etc/UTC"] {
        let hours =
            lead.get_at(&format!("/v1/stats/busiest?from=2026-03-01T00:00:00Z{zone}"), position).await.ok();
        let busiest =
            json!({"weekday": 1, "hour": 9, "created": 2, "replies": 0, "resolved": 0, "reopened": 0});
        assert_eq!((&hours["busiest"], hours["items"].as_array().unwrap().len()), (&busiest, 2));
    }
    for path in [
        "/v1/stats?group_by=category",
        "/v1/stats/volume?group_by=day",
        "/v1/stats/busiest",
        "/v1/stats/agents",
    ] {
        let answer = lead.get(path).await.ok();
        let items = answer["items"].as_array().unwrap();
        assert_eq!(objects(&lead, path).await, *items, "{path}");
        let lines = records(&lead, path).await;
        assert_eq!(lines.len(), items.len(), "{path}");
        assert_eq!(lines[0]["created"], items[0]["created"].to_string(), "{path}");
    }
    let one = records(&lead, "/v1/stats").await;
    assert_eq!((one.len(), one[0]["created"].as_str(), one[0]["rating_count"].as_str()), (1, "4", "0"));
    let top = lead.get("/v1/stats/top?by=tag&from=2026-03-01T00:00:00Z&to=2026-03-31T00:00:00Z").await.ok();
    assert_eq!(
        top["items"],
        json!([
            {"key": "paper", "created": 2, "created_before": 1, "change": 1.0},
            {"key": "vip", "created": 1, "created_before": 0, "change": null},
        ])
    );
    lead.get("/v1/stats/top?by=total").await.refused(400, "invalid_parameter");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_shows_this_moment_and_what_changes_it() {
    let app = App::start().await;
    let mut ticket =
        Ticket::open_with(&app, "default", "TKT-1", "carla", json!({"priority": "high", "priority_rank": 2}))
            .await;
    let lead = app.as_user("lea", "support_lead");
    let now = lead.get_at("/v1/stats/dashboard", ticket.position).await.ok();
    assert_eq!(
        (&now["open"], &now["unassigned"], &now["urgent_and_high"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(now["last_24_hours"]["created"], 1);
    assert_eq!(now["by_status"], json!([{"key": "new", "count": 1, "open": 1}]));

    let response = app.send(lead.request("/v1/stats/dashboard/stream", &[])).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let mut next = async || -> Value {
        let mut text = String::new();
        while !text.ends_with("\n\n") {
            let chunk = tokio::time::timeout(Duration::from_secs(20), body.next()).await.expect("a message");
            text.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
        }
        let data = text.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
        serde_json::from_str(data).unwrap()
    };
    assert_eq!(next().await["unassigned"], 1);
    ticket.assign("amir").await;
    let mut shown = next().await;
    while shown["unassigned"] != 0 {
        shown = next().await;
    }
    assert_eq!(shown["open"], 1);
    app.stop().await;
}
