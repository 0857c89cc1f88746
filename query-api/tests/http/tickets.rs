//! One ticket: as it is, as it was, and what belongs to it.

use domain::time::Ids as _;
use serde_json::{Value, json};
use service_kit::clock::RandomIds;

use crate::app::App;
use crate::ticket::{Ticket, circumstances};

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_found_by_id_and_by_number() {
    let app = App::start().await;
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    ticket.assign("amir").await;
    let agent = app.agent();
    let by_id = agent.get_at(&ticket.path(), ticket.position).await;
    assert_eq!(by_id.headers["etag"], "\"2\"");
    assert_eq!(by_id.headers["cache-control"], "private, no-store");
    assert!(by_id.position() >= ticket.position);
    let by_id = by_id.ok();
    assert_eq!(by_id, agent.get("/v1/tickets/TKT-1").await.ok());
    assert_eq!((&by_id["assignee"], &by_id["requester"]["id"]), (&json!("amir"), &json!("carla")));
    assert_eq!((&by_id["version"], &by_id["position"]), (&json!(2), &json!(ticket.position)));
    assert!(by_id["created_at"].as_str().unwrap().ends_with('Z'));
    app.stop().await;
}

/// A ticket to which everything has happened that a row shows.
async fn eventful(app: &App) -> Ticket<'_> {
    let mut ticket = Ticket::open_with(
        app,
        "default",
        "TKT-9",
        "carla",
        json!({"tags": ["zeta", "alpha"], "custom_fields": {"floor": 2}, "organization": "acme", "category": "it"}),
    )
    .await;
    ticket.assign("amir").await;
    ticket.status("new", "open", "open").await;
    ticket.note("amir", "Toner is in the cellar.").await;
    ticket.reply("amir", "agent", "I'm on my way.").await;
    ticket.reply("carla", "customer", "Thanks!").await;
    for (event_type, payload) in [
        ("PriorityChanged", json!({"from": "medium", "from_rank": 3, "to": "high", "to_rank": 2})),
        ("TagAdded", json!({"tag": "mid"})),
        ("TagRemoved", json!({"tag": "zeta"})),
        (
            "CustomFieldsSet",
            json!({"changes": [{"key": "floor", "from": 2, "to": null}, {"key": "room", "from": null, "to": "2.1"}]}),
        ),
        ("TicketEscalated", json!({"level": 1, "to_role": "support_lead", "reason": "loud"})),
        ("TicketRouted", json!({"from": "internal", "to": "hybrid", "to_organization": "acme"})),
        ("CategoryChanged", json!({"from": "it", "to": "printing"})),
        ("SubjectChanged", json!({"from": "Subject of TKT-9", "to": "No toner"})),
        (
            "TicketResolved",
            json!({"from": "open", "from_category": "open", "to": "resolved", "to_category": "resolved", "notes": "New cartridge."}),
        ),
    ] {
        ticket.event(event_type, payload, "amir", "agent").await;
    }
    ticket.event("TicketRated", json!({"rating": 5, "comment": "Fast!"}), "carla", "customer").await;
    ticket
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_the_same_as_the_read_model() {
    let app = App::start().await;
    let ticket = eventful(&app).await;
    for (caller, version) in [
        (app.agent(), "\"16\""),
        (app.customer("carla"), "\"13\""),
        (app.as_user("ann", "analyst"), "\"16\""),
    ] {
        let mut now = caller.get_at(&ticket.path(), ticket.position).await.ok();
        // That is asked for elsewhere.
        now.as_object_mut().unwrap().remove("sla");
        let folded = caller.get(&format!("{}?as_of={}", ticket.path(), ticket.position)).await;
        assert_eq!(folded.headers["etag"], version);
        assert_eq!(now, folded.ok());
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_of_answers_from_the_log_at_once() {
    let app = App::without_projections().await;
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let opened = ticket.position;
    let mut later = circumstances("amir", "agent");
    later["occurred_at"] = json!("2020-02-01T00:00:00Z");
    ticket.event_of("TagAdded", json!({"tag": "old"}), &later).await;
    let agent = app.agent();
    let at = |moment: String| format!("{}?as_of={moment}", ticket.path());
    let first = agent.get(&at(opened.to_string())).await.ok();
    assert_eq!((&first["version"], &first["tags"]), (&json!(1), &json!([])));
    let both = agent.get(&at(ticket.position.to_string())).await.ok();
    assert_eq!((&both["version"], &both["tags"]), (&json!(2), &json!(["old"])));
    agent.get(&at("0".into())).await.refused(404, "not_found");
    agent.get(&at((opened - 1).to_string())).await.refused(404, "not_found");
    agent.get(&at("1999-01-01T00:00:00Z".into())).await.refused(404, "not_found");
    agent.get(&at("2999-01-01T00:00:00Z".into())).await.refused(422, "as_of_in_future");
    agent.get(&at((ticket.position + 1).to_string())).await.refused(422, "as_of_in_future");
    let refused = agent.get(&at("yesterday".into())).await.refused(400, "invalid_parameter");
    assert_eq!(refused["parameter"], "as_of");
    app.customer("stefan").get(&at(opened.to_string())).await.refused(404, "not_found");
    app.customer("carla").get(&at(opened.to_string())).await.ok();
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conversation_keeps_notes_from_customers() {
    let app = App::start().await;
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let note = ticket.note("amir", "Toner is in the cellar.").await;
    let reply = ticket.reply("amir", "agent", "I'm on my way.").await;
    let edit = json!({"message_id": reply, "internal": false, "former_body": "I'm on my way.", "body": "On my way!"});
    ticket.event("MessageEdited", edit, "amir", "agent").await;
    for (message, internal, reader, kind) in
        [(reply, false, "carla", "customer"), (note, true, "olga", "agent")]
    {
        let read = json!({"message_id": message, "internal": internal, "reader": reader});
        ticket.event("MessageRead", read, reader, kind).await;
    }
    let path = format!("{}/messages", ticket.path());
    let seen = app.agent().get_at(&path, ticket.position).await.ok();
    let [first, second] = &seen["items"].as_array().unwrap()[..] else { panic!("{seen:#}") };
    assert_eq!(
        (&first["id"], &first["internal"], &first["type"]),
        (&json!(note), &json!(true), &json!("note"))
    );
    assert_eq!(second["body"], "On my way!");
    assert_eq!(second["former"][0]["body"], "I'm on my way.");
    assert_eq!(second["read_by"][0]["reader"], "carla");

    let seen = app.customer("carla").get(&path).await.ok();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1, "{seen:#}");
    assert_eq!((&seen["items"][0]["id"], seen["items"][0].get("former")), (&json!(reply), None));
    let analyst = app.as_user("ann", "analyst").get(&format!("{path}?count=true")).await.ok();
    assert_eq!(analyst["total"], 1, "{analyst:#}");

    let files = format!("{}/attachments", ticket.path());
    assert_eq!(app.agent().get(&files).await.each("name"), ["inside.txt"]);
    assert_eq!(app.customer("carla").get(&files).await.ok()["items"], json!([]));
    for path in ["messages", "activity", "history", "attachments", "assignments"] {
        let text = app.customer("carla").get(&format!("{}/{path}", ticket.path())).await.ok().to_string();
        assert!(!text.contains("cellar") && !text.contains("note"), "{path}: {text}");
        assert!(!text.contains("192.0.2.7") || path != "messages", "{path}: {text}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn activity_and_history_say_who_did_what() {
    let app = App::start().await;
    let ticket = eventful(&app).await;
    let agent = app.agent();
    let activity = agent.get_at(&format!("{}/activity", ticket.path()), ticket.position).await.ok();
    let find = |name: &str| -> Value {
        let items = activity["items"].as_array().unwrap();
        items.iter().find(|item| item["type"] == name).cloned().unwrap_or_default()
    };
    let changed = find("priority_changed");
    assert_eq!((&changed["old_value"], &changed["new_value"]), (&json!("medium"), &json!("high")));
    assert_eq!((&changed["actor"]["id"], &changed["ip"]), (&json!("amir"), &json!("192.0.2.7")));
    assert_eq!(find("note_added")["internal"], true);
    let only = agent.get(&format!("{}/activity?type=assigned,escalated", ticket.path())).await;
    assert_eq!(only.each("type"), ["assigned", "escalated"]);

    let history = agent.get(&format!("{}/history?limit=200&count=true", ticket.path())).await.ok();
    assert_eq!(history["total"], 16);
    let first = &history["items"][0];
    assert_eq!((&first["specversion"], &first["type"]), (&json!("1.0"), &json!("TicketOpened")));
    assert_eq!((&first["source"], &first["subject"]), (&json!("/docket/test"), &json!(ticket.id)));
    assert_eq!(first["data"]["number"], "TKT-9");

    let carla = app.customer("carla");
    let seen = carla.get(&format!("{}/history", ticket.path())).await.ok();
    let types: Vec<_> = seen["items"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert!(!types.contains(&json!("NoteAdded")) && !types.contains(&json!("TicketEscalated")), "{types:?}");
    for event in seen["items"].as_array().unwrap() {
        assert_eq!(event.get("ip").is_some(), event["actorid"] == "carla", "{event:#}");
        assert!(!event.to_string().contains("she knows printers"), "{event:#}");
    }
    let seen = carla.get(&format!("{}/activity?limit=200", ticket.path())).await.ok().to_string();
    assert!(!seen.contains("escalated") && !seen.contains("she knows printers"), "{seen}");

    let assignments = agent.get(&format!("{}/assignments", ticket.path())).await.ok();
    assert_eq!(
        (&assignments["items"][0]["agent"], &assignments["items"][0]["until"]),
        (&json!("amir"), &Value::Null)
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_events_are_lifted_and_redacted_texts_are_gone() {
    let mut app = App::without_projections().await;
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let reply = ticket.reply("carla", "customer", "My password is hunter2.").await;
    let redacted = json!({"message_id": reply, "internal": false, "reason": "a password"});
    ticket.event("MessageRedacted", redacted, "lea", "agent").await;
    sqlx::query(
        "INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
                             metadata, event_id, tenant_id, command_id, recorded_at) \
         SELECT position + 1, aggregate_type, aggregate_id, sequence + 1, 'TagAdded', '0', '{\"name\":\"vip\"}', \
                metadata, $2, tenant_id, command_id, recorded_at FROM events WHERE position = $1",
    )
    .bind(ticket.position)
    .bind(RandomIds.next())
    .execute(&app.owner)
    .await
    .unwrap();
    let (path, position) = (ticket.path(), ticket.position + 1);
    let history = app.agent().get(&format!("{path}/history")).await.ok();
    let last = &history["items"][3];
    assert_eq!((&last["type"], &last["data"]), (&json!("TagAdded"), &json!({"tag": "vip"})));
    assert_eq!(last["dataschema"], "urn:docket:schema:TagAdded:1");
    // Also before any read model knows of the redaction.
    for path in [format!("{path}/history"), "/v1/events".into()] {
        let text = app.agent().get(&path).await.ok().to_string();
        assert!(text.contains("ReplyAdded") && !text.contains("hunter2"), "{path}: {text}");
    }
    app.project();
    assert_eq!(app.agent().get_at(&path, position).await.ok()["tags"], json!(["vip"]));
    let messages = app.agent().get_at(&format!("{path}/messages"), position).await.ok();
    assert_eq!(
        (&messages["items"][0]["redacted"], &messages["items"][0]["body"]),
        (&json!(true), &json!(""))
    );
    app.stop().await;
}
