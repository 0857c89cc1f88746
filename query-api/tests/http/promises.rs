//! Policies and calendars as they are and as they were, and a ticket's clocks under them.

use domain::ids::TenantId;
use serde_json::{Value, json};

use crate::app::{App, Caller};
use crate::ticket::{Ticket, circumstances, new_event};

/// Writes an event of a tenant's policies and calendars.
async fn change(
    app: &App,
    tenant: &str,
    version: i64,
    event_type: &'static str,
    payload: Value,
    at: &str,
) -> i64 {
    let id = TenantId::of_key(tenant);
    let event = new_event(event_type, &payload, &at_time(at, "lea"));
    app.append(id, "sla", id.to_string(), version - 1, vec![event]).await
}

fn at_time(at: &str, actor: &str) -> Value {
    let mut metadata = circumstances(actor, if actor == "carla" { "customer" } else { "agent" });
    metadata["occurred_at"] = json!(at);
    metadata
}

fn policy(key: &str, first_response: i64) -> Value {
    json!({"key": key, "name": "Short", "when": {"priority_rank": [3]}, "first_response": first_response,
           "warning": {"percent": 50}})
}

fn of_tenant<'a>(app: &'a App, key: &str) -> Caller<'a> {
    let token = app.token("olga", "platform_admin", key, std::time::Duration::from_secs(60));
    Caller { app, token: Some(token) }
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_and_calendars_are_those_of_the_tenant() {
    let app = App::without_projections().await;
    app.create_tenant("other").await;
    let agent = app.agent();
    let start = agent.get("/v1/sla").await;
    assert_eq!(start.headers["etag"], "\"0\"");
    let start = start.ok();
    assert_eq!((&start["version"], &start["auto_close_days"]), (&json!(0), &Value::Null));
    assert_eq!(start["policies"].as_array().unwrap().len(), 4);
    assert_eq!(start["calendars"]["office"]["time_zone"], "UTC");

    let at = "2026-03-02T08:00:00Z";
    let added = json!({"policy": policy("short", 5), "place": 1});
    change(&app, "default", 1, "PolicyAdded", added, at).await;
    change(&app, "default", 2, "AutoCloseChanged", json!({"to_days": 7}), at).await;
    let calendar = json!({"name": "Nights", "time_zone": "Europe/Berlin",
                          "weekly": {"monday": [{"from": "22:00", "to": "06:00"}]}});
    let added = json!({"key": "nights", "calendar": calendar});
    let last = change(&app, "default", 3, "CalendarAdded", added, "2026-03-03T08:00:00Z").await;

    let now = agent.get("/v1/sla").await;
    assert_eq!((now.headers["etag"].to_str().unwrap(), now.position()), ("\"3\"", last));
    let now = now.ok();
    assert_eq!((&now["version"], &now["auto_close_days"]), (&json!(3), &json!(7)));
    assert_eq!(now["policies"][1]["key"], "short");

    let list = agent.get("/v1/sla/policies").await;
    assert_eq!(list.headers["etag"], "\"3\"");
    let list = list.ok();
    let places: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| &item["place"]).collect();
    assert_eq!(places, [1, 2, 3, 4, 5]);
    assert_eq!((&list["version"], &list["items"][1]["key"]), (&json!(3), &json!("short")));
    let one = agent.get("/v1/sla/policies/short").await;
    assert_eq!(one.headers["etag"], "\"3\"");
    assert_eq!(one.ok(), list["items"][1]);

    agent.get("/v1/sla/history").await.refused(403, "forbidden");
    let manager = app.as_user("mona", "support_manager");
    let history = manager.get("/v1/sla/history?limit=2").await.ok();
    assert_eq!(history["items"].as_array().unwrap().len(), 2, "{history}");
    let cursor = history["next_cursor"].as_str().unwrap();
    let rest = manager.get(&format!("/v1/sla/history?limit=2&cursor={cursor}")).await.ok();
    assert_eq!(rest["items"][0]["data"]["calendar"]["name"], "Nights", "{rest}");

    let list = agent.get("/v1/calendars").await;
    assert_eq!(list.headers["etag"], "\"3\"");
    assert_eq!(list.each("key"), ["nights", "office"]);
    let one = agent.get("/v1/calendars/nights").await.ok();
    assert_eq!((&one["key"], &one["time_zone"]), (&json!("nights"), &json!("Europe/Berlin")));
    assert_eq!(one["weekly"]["monday"], json!([{"from": "22:00", "to": "06:00"}]));

    for path in
        ["/v1/sla/policies/nights", "/v1/calendars/short", "/v1/calendars/%00", "/v1/sla/policies/%ff"]
    {
        agent.get(path).await.refused(404, "not_found");
    }
    // Another tenant has what every tenant starts with.
    let other = of_tenant(&app, "other");
    assert_eq!(other.get("/v1/sla").await.ok(), start);
    other.get("/v1/sla/policies/short").await.refused(404, "not_found");
    app.customer("carla").get("/v1/sla").await.refused(403, "forbidden");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_once_held_is_told_as_well() {
    let app = App::without_projections().await;
    let day = |day: u32| format!("2026-03-{day:02}T08:00:00Z");
    let first = change(&app, "default", 1, "AutoCloseChanged", json!({"to_days": 7}), &day(2)).await;
    let second = json!({"from_days": 7, "to_days": 9});
    change(&app, "default", 2, "AutoCloseChanged", second, &day(4)).await;
    let agent = app.agent();
    for (moment, version, days) in [
        (day(1), 0, Value::Null),
        (day(2), 1, json!(7)),
        (day(3), 1, json!(7)),
        (day(4), 2, json!(9)),
        ((first - 1).to_string(), 0, Value::Null),
        (first.to_string(), 1, json!(7)),
    ] {
        let then = agent.get(&format!("/v1/sla?as_of={moment}")).await;
        assert_eq!(then.headers["etag"], format!("\"{version}\""), "{moment}");
        assert_eq!(then.ok()["auto_close_days"], days, "{moment}");
    }
    for path in
        ["/v1/sla", "/v1/sla/policies", "/v1/sla/policies/high", "/v1/calendars", "/v1/calendars/office"]
    {
        agent.get(&format!("{path}?as_of=2999-01-01T00:00:00Z")).await.refused(422, "as_of_in_future");
        let refused = agent.get(&format!("{path}?as_of=then")).await.refused(400, "invalid_parameter");
        assert_eq!(refused["parameter"], "as_of", "{path}");
        let refused = agent.get(&format!("{path}?key=high")).await.refused(400, "unknown_parameter");
        assert_eq!(refused["parameter"], "key", "{path}");
    }
    app.stop().await;
}

/// A ticket of Monday at nine.
async fn monday<'a>(app: &'a App, number: &str) -> Ticket<'a> {
    let payload = json!({
        "number": number, "subject": "No toner", "description": "As said.", "requester": {"id": "carla"},
        "status": "new", "status_category": "new", "priority": "medium", "priority_rank": 3, "source": "portal",
    });
    let mut ticket = Ticket::unopened(app, "default");
    ticket.event_of("TicketOpened", payload, &at_time("2026-03-02T09:00:00Z", "carla")).await;
    ticket
}

fn clock(answer: &Value, metric: &str) -> Value {
    let clocks = answer["clocks"].as_array().unwrap();
    clocks.iter().find(|clock| clock["metric"] == metric).cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_run_under_the_rules_that_held_at_each_event() {
    let app = App::without_projections().await;
    app.create_tenant("other").await;
    let mut ticket = monday(&app, "TKT-1").await;
    let opened = ticket.position;
    let medium = app.agent().get("/v1/sla/policies/medium").await.ok();
    let mut from = medium.clone();
    from.as_object_mut().unwrap().remove("place");
    let mut to = from.clone();
    to["first_response"] = json!(60);
    let changed =
        change(&app, "default", 1, "PolicyChanged", json!({"from": from, "to": to}), "2026-03-02T09:30:00Z")
            .await;
    let others = json!({"policy": policy("others", 1), "place": 0});
    change(&app, "other", 1, "PolicyAdded", others, "2026-03-02T09:40:00Z").await;
    let breached = json!({
        "metric": "first_response", "instance": 1, "generation": 2, "policy": "medium",
        "due_at": "2026-03-02T10:00:00Z", "raised_at": "2026-03-02T10:00:01Z",
    });
    ticket.event_of("SlaBreached", breached, &at_time("2026-03-02T10:00:01Z", "docket")).await;

    let agent = app.agent();
    let path = format!("{}/sla", ticket.path());
    let now = agent.get(&path).await.ok();
    assert_eq!(now["state"], "response_breached");
    let first = clock(&now, "first_response");
    assert_eq!((&first["due_at"], &first["generation"]), (&json!("2026-03-02T10:00:00.000000Z"), &json!(2)));
    assert_eq!((&first["warned"], &first["breached"]), (&json!(false), &json!(true)));
    assert_eq!((&first["state"], &first["overdue"]), (&json!("running"), &json!(true)));
    let step = &first["trace"][1];
    assert_eq!((&step["change"], &step["position"]), (&json!("promised"), &json!(changed)));
    // The same promise holds on for what the change doesn't touch.
    assert_eq!(clock(&now, "resolution")["generation"], 1);

    let then = agent.get(&format!("{path}?as_of=2026-03-02T09:20:00Z")).await.ok();
    assert_eq!((&then["now"], &then["state"]), (&json!("2026-03-02T09:20:00.000000Z"), &json!("on_track")));
    let first = clock(&then, "first_response");
    assert_eq!((&first["due_at"], &first["generation"]), (&json!("2026-03-02T13:00:00.000000Z"), &json!(1)));
    assert_eq!((&first["used_seconds"], &first["left_seconds"]), (&json!(1200.0), &json!(13200.0)));
    let then = agent.get(&format!("{path}?as_of={changed}")).await.ok();
    assert_eq!((&then["now"], &then["state"]), (&json!("2026-03-02T09:30:00.000000Z"), &json!("on_track")));
    assert_eq!(clock(&then, "first_response")["generation"], 2);
    agent.get(&format!("{path}?as_of={}", opened - 1)).await.refused(404, "not_found");
    agent.get(&format!("{path}?as_of=999999")).await.refused(422, "as_of_in_future");
    agent.get(&format!("{path}?when=now")).await.refused(400, "unknown_parameter");

    // What is opened afterwards is promised the new target from its start.
    let later = monday(&app, "TKT-2").await;
    let first = clock(&agent.get(&format!("{}/sla", later.path())).await.ok(), "first_response");
    assert_eq!((&first["target_seconds"], &first["generation"]), (&json!(3600), &json!(1)));
    of_tenant(&app, "other").get(&path).await.refused(404, "not_found");
    app.customer("carla").get(&path).await.refused(403, "forbidden");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_promised_for_what_is_spam() {
    let app = App::without_projections().await;
    let mut ticket = monday(&app, "TKT-1").await;
    ticket.event_of("TicketMarkedSpam", json!({}), &at_time("2026-03-02T09:10:00Z", "amir")).await;
    let now = app.agent().get(&format!("{}/sla", ticket.path())).await.ok();
    assert_eq!((&now["state"], &clock(&now, "resolution")["state"]), (&Value::Null, &json!("cancelled")));
    app.stop().await;
}
