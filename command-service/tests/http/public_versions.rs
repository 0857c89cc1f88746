//! What customers are answered says nothing of what is internal: neither version nor position, `ETag`, refusal or
//! retry.

use domain::identity::{Audience, Operation, Principal};
use domain::ids::{TenantId, UserId};
use domain::ticket::TicketCommand;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, Client};

/// Every command that staff alone may give and of which customers may know nothing, from the list of verbs: what it
/// does is seen in its answer, which moves the version of staff.
fn internal_bodies(note: Option<&str>) -> Vec<(&'static str, Value)> {
    let staff = |kind: &&str| {
        let role = |role: &str| {
            Principal::new(UserId::new("x").unwrap(), TenantId::of_key("desk"), vec![role.to_owned()])
        };
        let operation = operation(kind);
        operation.audience() == Audience::Staff || role("customer").may(operation).is_err()
    };
    let kinds = TicketCommand::KINDS.iter().copied().filter(|kind| staff(kind));
    let mut bodies: Vec<(&str, Value)> = kinds
        .filter_map(|kind| {
            let body = match kind {
                "note" => json!({"body": "The customer is wrong."}),
                "escalate" => json!({"to_role": "support_lead", "reason": "loud"}),
                "route" => json!({"routing": "organization", "organization": "choir"}),
                "spam" | "not_spam" | "delete" | "restore" => json!({"reason": "a joke"}),
                // What these say is public, or of public messages.
                "assign" | "unassign" | "status" | "resolve" | "close" | "reopen" | "cancel" | "priority"
                | "category" | "request_type" | "subject" | "tags" | "custom_fields" | "redact_message" => {
                    return None;
                }
                other => panic!("is {other} internal?"),
            };
            Some((kind, body))
        })
        .collect();
    if let Some(note) = note {
        bodies.push(("edit_message", json!({"message_id": note, "body": "They are right."})));
        bodies.push(("read_message", json!({"message_id": note})));
        bodies.push(("redact_message", json!({"message_id": note, "reason": "rude"})));
    }
    bodies
}

fn operation(kind: &str) -> Operation {
    let read = |body: &str| {
        let id = "0191d8a0-0000-7000-8000-000000000000".parse().unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        TicketCommand::read(kind, Some(id), body).unwrap().ok().map(|command| command.operation())
    };
    let bodies = [
        "{}",
        r#"{"body":"x"}"#,
        r#"{"reason":"x"}"#,
        r#"{"status":"x"}"#,
        r#"{"priority":"x"}"#,
        r#"{"subject":"x"}"#,
        r#"{"subject":"x","description":"x"}"#,
        r#"{"rating":1}"#,
        r#"{"routing":"internal"}"#,
        r#"{"category":"x"}"#,
        r#"{"request_type":"x"}"#,
    ];
    bodies.into_iter().find_map(read).unwrap_or_else(|| panic!("a body for {kind}"))
}

/// All that is internal happens to a ticket, so that it is as it was to its customer.
async fn inside(app: &App, path: &str) -> usize {
    let (id, lead) = (path.rsplit_once('/').unwrap().1, app.client("support_manager", "mona"));
    lead.post(&format!("{path}/not-spam"), json!({})).await.expect(200);
    let note = lead.post(&format!("{path}/note"), json!({"body": "A first note."})).await.expect(200);
    let note = note.body["message_id"].as_str().unwrap().to_owned();
    let mut count = 1;
    for (kind, body) in internal_bodies(Some(&note)) {
        let mut command = body;
        command["type"] = kind.into();
        command["id"] = id.into();
        let commands = json!({"commands": [command]});
        let done = app.client("support_manager", "rosa").post("/v1/commands", commands).await.expect(200);
        let status = &done.body["results"][0]["status"];
        // An author alone edits, which a lead may too.
        assert!(*status == 200, "{kind}: {:#}", done.body);
        count += 1;
    }
    // It isn't put away, and stays spam.
    lead.post(&format!("{path}/restore"), json!({})).await.expect(200);
    lead.post(&format!("{path}/spam"), json!({})).await.expect(200);
    count + 1
}

/// An answer without what differs by necessity: ids and places in the log.
fn comparable(answer: &Answer, ids: &[&str]) -> String {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| {
            !["docket-position", "x-request-id", "date", "content-length", "location"]
                .contains(&name.as_str())
        })
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    let mut body = answer.body.clone();
    normalise(&mut body);
    let text = format!("{} {headers:?} {body}", answer.status);
    ids.iter().fold(text, |text, id| text.replace(id, "T"))
}

fn normalise(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                if ["position", "message_id", "request_id", "number"].contains(&name.as_str()) {
                    *value = Value::Null;
                }
                normalise(value);
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(normalise),
        _ => {}
    }
}

async fn if_match(client: &Client, path: &str, body: Value, version: i64, key: &str) -> Answer {
    let request = client.request(Method::POST, path).json(&body);
    client.send(request.header("if-match", format!("\"{version}\"")).header("idempotency-key", key)).await
}

/// What a customer does and is answered, with things happening in between or not.
async fn customers_day(app: &App, internal: bool) -> Vec<String> {
    let customer = app.customer();
    let path = customer.open("No toner").await;
    let id = path.rsplit_once('/').unwrap().1.to_owned();
    let mut answers = Vec::new();
    let mut message = String::new();
    for round in 0..3_i64 {
        if internal {
            assert!(inside(app, &path).await > 8);
        }
        let version = 1 + round * 2;
        let key = format!("{id}-{round}");
        let reply = json!({"body": format!("Still none, {round}.")});
        let refused =
            if_match(&customer, &format!("{path}/reply"), reply.clone(), version + 1, &format!("{key}-bad"))
                .await;
        answers.push(refused.problem(412, "version_mismatch"));
        let first =
            if_match(&customer, &format!("{path}/reply"), reply.clone(), version, &key).await.expect(200);
        assert_eq!((first.version(), first.header("etag")), (version + 1, &*format!("\"{}\"", version + 1)));
        message = first.body["message_id"].as_str().unwrap().to_owned();
        answers.push(first);
        if internal {
            inside(app, &path).await;
        }
        answers.push(if_match(&customer, &format!("{path}/reply"), reply, version, &key).await.expect(200));
        let edit = json!({"body": format!("Still no toner, {round}.")});
        let messages = format!("{path}/messages/{message}");
        let edited = if_match(
            &customer,
            &format!("{messages}/edit"),
            edit.clone(),
            version + 1,
            &format!("{key}-edit"),
        )
        .await;
        answers.push(edited.expect(200));
        // Nothing to do, twice: by itself, and as a retry.
        for _ in 0..2 {
            let none = if_match(
                &customer,
                &format!("{messages}/edit"),
                edit.clone(),
                version + 2,
                &format!("{key}-none"),
            )
            .await
            .expect(200);
            let last = &answers[answers.len() - 1].body["position"];
            assert_eq!((none.version(), &none.body["position"]), (version + 2, last), "nothing was done");
            answers.push(none);
        }
    }
    let bulk = json!({"commands": [
        {"type": "reply", "id": id, "body": "And now?", "if_match": 7},
        {"type": "reply", "id": id, "body": "And now?", "if_match": 7},
        {"type": "rate", "id": id, "rating": 1},
        {"type": "read_message", "id": id, "message_id": message},
    ]});
    answers.push(customer.post("/v1/commands", bulk).await.expect(200));
    answers.iter().map(|answer| comparable(answer, &[&id])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_internal_is_in_no_answer_to_a_command() {
    let app = App::start().await;
    let (with, without) = (customers_day(&app, true).await, customers_day(&app, false).await);
    for (with, without) in with.iter().zip(&without) {
        assert_eq!(with, without);
    }
    assert_eq!(with.len(), without.len());
}

/// An answer that was kept before customers had versions of their own is told in theirs.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_answer_is_told_as_customers_count() {
    let app = App::start().await;
    let (customer, agent) = (app.customer(), app.agent());
    let path = customer.open("No toner").await;
    agent.post(&format!("{path}/note"), json!({"body": "Again."})).await.expect(200);
    let reply = |client: Client, path: String| async move {
        client
            .post_with(&format!("{path}/reply"), json!({"body": "Hello?"}), ("idempotency-key", "k"))
            .await
            .expect(200)
    };
    let first = reply(customer.clone(), path.clone()).await;
    sqlx::query("UPDATE idempotency_keys SET answer = (answer::jsonb - 'public')::json")
        .execute(&app.owner)
        .await
        .unwrap();
    let again = reply(customer, path).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!((first.version(), &first.body), (2, &again.body));
}
