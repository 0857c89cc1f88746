//! Every list is a file, too.

use serde_json::{Value, json};

use crate::app::{App, Caller};
use crate::exports::{CSV, NDJSON, file, flat, items, objects, records};
use crate::ticket::Ticket;

/// A ticket to which this and that happened.
async fn lively(app: &App) -> Ticket<'_> {
    let mut ticket = Ticket::open(app, "TKT-1", "carla").await;
    ticket.assign("amir").await;
    ticket.assign("olga").await;
    for index in 0..250 {
        ticket.reply("carla", "customer", &format!("=toner {index}, \"please\"\nnow")).await;
    }
    let reply = ticket.reply("amir", "agent", "Seen.").await;
    ticket.note("amir", "inside").await;
    let edit = json!({"message_id": reply, "former_body": "Seen.", "body": "Seen!", "internal": false});
    ticket.event("MessageEdited", edit, "amir", "agent").await;
    let read = json!({"message_id": reply, "internal": false, "reader": "carla"});
    ticket.event("MessageRead", read, "carla", "customer").await;
    ticket
}

/// What a cell of JSON in a line of CSV has of an item, where the item has a structure.
fn line(item: &Value, structured: &[&str]) -> std::collections::BTreeMap<String, String> {
    let mut item = item.clone();
    for (name, value) in item.as_object_mut().unwrap() {
        if structured.contains(&name.as_str()) && !value.is_null() {
            *value = json!(value.to_string());
        }
    }
    flat(&item)
}

/// JSON with its members in the order of their names: events are written in the order of their types.
fn sorted(json: &str) -> String {
    serde_json::from_str::<Value>(json).unwrap().to_string()
}

/// Holds a file in both forms against the pages of the list. A cell of what an item lacks is empty.
async fn same(caller: &Caller<'_>, path: &str, structured: &[&str]) -> usize {
    let listed = items(caller, &format!("{path}?")).await;
    assert_eq!(objects(caller, path).await, listed, "{path}");
    let lines = records(caller, path).await;
    assert_eq!(lines.len(), listed.len(), "{path}");
    for (got, item) in lines.iter().zip(&listed) {
        let mut got = got.clone();
        if let Some(data) = got.get_mut("data") {
            *data = sorted(data);
        }
        let mut wanted = line(item, structured);
        for name in got.keys() {
            wanted.entry(name.clone()).or_default();
        }
        assert_eq!(got, wanted, "{path}");
    }
    for name in ["limit=50", "cursor=x", "count=true"] {
        caller.get_with(&format!("{path}?{name}"), &CSV).await.refused(400, "invalid_parameter");
    }
    listed.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_a_ticket_is_taken_whole() {
    let app = App::start().await;
    let ticket = lively(&app).await;
    let path = |below: &str| format!("{}/{below}", ticket.path());
    app.agent().get_at(&path("messages"), ticket.position).await.ok();
    app.agent().get_at(&path("activity"), ticket.position).await.ok();
    let json = ["attachments", "read_by", "former", "data"];
    for (caller, messages, activity, events) in
        [(app.agent(), 252, 258, 257), (app.customer("carla"), 251, 256, 256)]
    {
        assert_eq!(same(&caller, &path("messages"), &json).await, messages);
        assert_eq!(same(&caller, &path("activity"), &json).await, activity);
        assert_eq!(same(&caller, &path("history"), &json).await, events);
        assert_eq!(same(&caller, &path("assignments"), &[]).await, 2);
        assert_eq!(same(&caller, &path("attachments"), &[]).await, messages - 251);
    }
    let (_, text) = file(&app.customer("carla"), &path("messages"), &CSV).await;
    let names: Vec<_> = text.lines().next().unwrap().split(',').collect();
    assert!(!["former", "mentions", "redacted_by"].iter().any(|name| names.contains(name)), "{names:?}");
    assert!(text.contains("\"'=toner 0, \"\"please\"\"\nnow\""), "formulas are neutralised");
    assert_eq!(objects(&app.agent(), &path("activity?type=assigned")).await.len(), 2);
    for below in ["messages", "activity", "history", "assignments", "attachments"] {
        app.customer("stefan").get_with(&path(below), &NDJSON).await.refused(404, "not_found");
        let (headers, _) = file(&app.agent(), &path(below), &CSV).await;
        let named = headers["content-disposition"].to_str().unwrap();
        assert!(named.starts_with(&format!("attachment; filename=\"{below}-")), "{named}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_is_a_file_up_to_its_present_end() {
    let app = App::start().await;
    let ticket = lively(&app).await;
    let mut other = Ticket::open(&app, "TKT-2", "stefan").await;
    other.note("amir", "inside").await;
    app.agent().get_at("/v1/tickets", other.position).await.ok();
    for (caller, count) in [(app.agent(), 259), (app.customer("carla"), 256), (app.customer("nobody"), 0)] {
        let (mut feed, mut after) = (Vec::new(), 0);
        loop {
            let page = caller.get(&format!("/v1/events?limit=200&after={after}")).await.ok();
            feed.extend(page["items"].as_array().unwrap().clone());
            match page["next_after"].as_i64().unwrap() {
                next if next > after => after = next,
                _ => break,
            }
        }
        assert_eq!(feed.len(), count);
        assert_eq!(objects(&caller, "/v1/events").await, feed);
        let lines = records(&caller, "/v1/events").await;
        let data: Vec<_> = feed.iter().map(|event| event["data"].to_string()).collect();
        assert_eq!(lines.iter().map(|line| sorted(&line["data"])).collect::<Vec<_>>(), data);
    }
    let after = format!("/v1/events?after={}&type=TicketOpened,NoteAdded", ticket.position);
    let kinds: Vec<_> =
        objects(&app.agent(), &after).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["TicketOpened", "NoteAdded"]);
    app.agent().get_with("/v1/events?limit=9", &NDJSON).await.refused(400, "invalid_parameter");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_and_what_is_configured_are_files() {
    let app = App::start().await;
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    ticket.assign("=amir").await;
    let manager = app.as_user("mia", "support_manager");
    manager.get_at("/v1/queues", ticket.position).await.ok();

    let (_, text) = file(&manager, "/v1/queues", &CSV).await;
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..3], ["by,key,count,open", "total,,1,1", "status,new,1,1"]);
    assert!(lines.contains(&"assignee,'=amir,1,1") && lines.contains(&"team,,1,1"), "{lines:?}");
    let queues = manager.get("/v1/queues").await.ok();
    let taken = objects(&manager, "/v1/queues").await;
    let assignees = taken.iter().filter(|line| line["by"] == "assignee").map(|line| &line["count"]);
    assert_eq!(assignees.collect::<Vec<_>>(), [&queues["by_assignee"][0]["count"]]);

    for (path, json) in [
        ("/v1/sla/policies", &["when", "warning", "escalation"][..]),
        ("/v1/calendars", &["weekly", "holidays"]),
        ("/v1/projections", &[]),
    ] {
        let listed = manager.get(path).await.ok()["items"].as_array().unwrap().clone();
        assert!(!listed.is_empty());
        let taken = objects(&manager, path).await;
        let lines = records(&manager, path).await;
        assert_eq!((taken.len(), lines.len()), (listed.len(), listed.len()));
        // How far behind read models are is another thing at every moment.
        if path != "/v1/projections" {
            assert_eq!(taken, listed);
            for (got, item) in lines.iter().zip(&listed) {
                let mut got = got.clone();
                if let Some(data) = got.get_mut("data") {
                    *data = sorted(data);
                }
                let mut wanted = line(item, json);
                for name in got.keys() {
                    wanted.entry(name.clone()).or_default();
                }
                assert_eq!(got, wanted, "{path}");
            }
        }
    }
    assert_eq!(records(&manager, "/v1/sla/history").await.len(), 0);
    for name in ["limit=50", "cursor=x", "count=true"] {
        let path = format!("/v1/sla/history?{name}");
        manager.get_with(&path, &CSV).await.refused(400, "invalid_parameter");
    }
    app.customer("carla").get_with("/v1/queues", &CSV).await.refused(403, "forbidden");
    app.stop().await;
}
