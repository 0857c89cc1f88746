//! What others read is what it says it is, by libraries that aren't ours: CloudEvents and JSON Schema
//! from Python's package index.

use std::io::Write;
use std::process::{Command, Stdio};

use async_nats::jetstream;
use docket_tests::{Client, Docket};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::python::{self, here};

/// Every message of the stream, a line of JSON each.
async fn messages(docket: &Docket) -> String {
    let head = docket.settled().await;
    let context = jetstream::new(docket.nats().await);
    let stream = context.get_stream("DOCKET_MAIN").await.expect("the stream");
    let consumer = stream.create_consumer(jetstream::consumer::pull::OrderedConfig::default()).await;
    let mut messages = consumer.expect("a consumer").messages().await.expect("messages");
    let mut lines = String::new();
    loop {
        let message = messages.next().await.expect("another message").expect("a message");
        let headers = message.headers.as_ref().expect("headers");
        let all: serde_json::Map<String, Value> =
            headers.iter().map(|(name, values)| (name.to_string(), json!(values[0].as_str()))).collect();
        let body = std::str::from_utf8(&message.payload).expect("text");
        lines += &json!({"subject": message.subject.as_str(), "headers": all, "body": body}).to_string();
        lines.push('\n');
        if headers.get("docket-position").map(async_nats::HeaderValue::as_str) == Some(&head.to_string()) {
            return lines;
        }
    }
}

/// What the check says of what `token` may read.
fn check(docket: &Docket, token: &str, messages: &str) -> Value {
    let mut check = Command::new(python::with("requirements.txt"))
        .arg("-I")
        .arg(here("python/check_events.py"))
        .arg(docket.url())
        .arg(here("../domain/contracts/public"))
        .env("DOCKET_TOKEN", token)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python runs");
    check.stdin.take().expect("its input").write_all(messages.as_bytes()).expect("it reads them");
    let output = check.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A ticket to which nearly everything happens that can.
async fn a_long_story(customer: &Client, agent: &Client, manager: &Client) {
    let opened = customer
        .post("/v1/tickets", json!({"subject": "Grüße 😀 \"aus\" dem 2. Stock", "description": "No toner."}))
        .await
        .expect(201);
    let path = format!("/v1/tickets/{}", opened.text("id"));
    let reply = agent.post(&format!("{path}/reply"), json!({"body": "I'm on my way."})).await.expect(200);
    let message = format!("messages/{}", reply.text("message_id"));
    for (who, verb, body) in [
        (agent, "tags", json!({"add": ["printer"]})),
        (agent, "assign", json!({"agent": "amir"})),
        (agent, "note", json!({"body": "Toner is in the cellar."})),
        (
            agent,
            &format!("{message}/edit"),
            json!({"body": "I'm nearly there.", "html": "<p>I'm nearly there.</p>"}),
        ),
        (customer, &format!("{message}/read"), json!({})),
        (agent, "status", json!({"status": "in_progress", "reason": "seen"})),
        (agent, "priority", json!({"priority": "high", "reason": "the boss waits"})),
        (agent, "category", json!({"category": "hardware"})),
        (agent, "request-type", json!({"request_type": "incident"})),
        (agent, "subject", json!({"subject": "No toner"})),
        (agent, "tags", json!({"add": ["toner"], "remove": ["printer"]})),
        (agent, "custom-fields", json!({"floor": 2})),
        (agent, "escalate", json!({"to_team": "night", "reason": "no toner at all"})),
        (manager, "route", json!({"routing": "organization", "organization": "acme"})),
        (agent, "unassign", json!({})),
        (agent, "resolve", json!({"notes": "New cartridge."})),
        (agent, "reopen", json!({"reason": "Empty again."})),
        (agent, "resolve", json!({})),
        (customer, "rate", json!({"rating": 4, "comment": "Slow, but kind. ★"})),
        (agent, "close", json!({})),
        (manager, &format!("{message}/redact"), json!({"reason": "a name"})),
    ] {
        who.post(&format!("{path}/{verb}"), body).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_a_cloud_event_and_fits_its_schema_in_both_modes() {
    let docket = Docket::up().await;
    let customer = docket.client("customer", "carla");
    let agent = docket.client("support_agent", "amir");
    let manager = docket.client("platform_admin", "maria");
    a_long_story(&customer, &agent, &manager).await;
    for verbs in [&["cancel"][..], &["spam", "not-spam"], &["delete", "restore"]] {
        let path = format!("/v1/tickets/{}", customer.open("Another").await.text("id"));
        for verb in verbs {
            manager.post(&format!("{path}/{verb}"), json!({})).await.expect(200);
        }
    }
    let policy = json!({"key": "vip", "name": "VIP", "when": {"tag": ["vip"]}, "first_response": 5});
    manager.post("/v1/sla/policies", policy).await.expect(201);
    manager.patch("/v1/sla/policies/vip", json!({"resolution": 60, "place": 2})).await.expect(200);
    let calendar = json!({"key": "shop", "name": "Shop", "time_zone": "Europe/Berlin", "weekly": {"monday": [{"from": "09:00", "to": "17:00"}]}});
    manager.post("/v1/calendars", calendar).await.expect(201);

    let messages = messages(&docket).await;
    let all = check(&docket, &docket.token("platform_admin", "maria"), &messages);
    assert_eq!(all["events"], all["messages"], "an administrator of the only tenant sees every event");
    // But for the two texts of the message that was redacted, in the same words as on NATS.
    assert_eq!(all["same"].as_u64(), all["events"].as_u64().map(|events| events - 2));
    // All but what time brings, and a few of the configuration.
    assert!(all["types"].as_array().expect("types").len() > 30, "{all:#}");
    // What is kept from a customer leaves an event that is still what it says it is.
    let theirs = check(&docket, &docket.token("customer", "carla"), &messages);
    assert!(theirs["events"].as_u64() > Some(10) && theirs["events"].as_u64() < all["events"].as_u64());
}
