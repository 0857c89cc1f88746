//! Every operation, tried by everybody who must not have it: the table of operations against every role.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use docket_tests::{Answer, Client, Docket};
use domain::identity::{Audience, Operation, Role};
use domain::metadata::ActorKind;
use reqwest::Method;
use serde_json::{Value, json};

use crate::bad_input::{sign, signing_key};

const TICKET: &str = "{id}";

async fn try_operation(client: &Client, operation: Operation, ticket: &str) -> Answer {
    let key = if operation.path().contains("calendars") { "office" } else { "critical" };
    let path = operation
        .path()
        .replace(TICKET, ticket)
        .replace("{message_id}", ticket)
        .replace("{key}", key)
        .replace("{tenant}", "self");
    let method: Method = operation.method().parse().expect("a method");
    let request = client.request(method, &path);
    // Nobody who must not even ask is told what is wrong with what they ask.
    client.send(if operation.is_command() { request.json(&json!({"nonsense": true})) } else { request }).await
}

fn allowed(role: &Role, operation: Operation) -> bool {
    let is_for_them = match operation.audience() {
        Audience::Everybody => true,
        Audience::Staff => role.kind != ActorKind::Customer,
        Audience::Services => false,
    };
    is_for_them && role.permissions.contains(operation.permission())
}

/// A token whose roles nobody knows. The command line refuses to make one.
fn without_roles(docket: &Docket) -> String {
    let token = docket.token("customer", "carla");
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).expect("base64")).expect("JSON");
    claims["roles"] = json!(["no_such_role"]);
    sign(&signing_key(docket), parts[0], &claims)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_by_nobody_by_every_role_and_from_another_tenant() {
    let docket = Docket::up().await;
    docket.run_ok(&["tenant", "create", "other"]);
    let ticket = docket.client("customer", "carla").open("Guarded").await;
    let (id, position) = (ticket.text("id"), ticket.position());
    docket.client("support_agent", "amir").get_at("/v1/tickets", position).await.expect(200);
    let nobody = Client::new(docket.url(), None);
    let without_roles = nobody.with_token(&without_roles(&docket));
    let roles: Vec<(&Role, Client)> =
        Role::BUILT_IN.iter().map(|role| (role, docket.client(role.name, "carla"))).collect();
    let stranger =
        docket.run_ok(&["token", "--tenant", "other", "--role", "platform_admin", "--sub", "carla"]);
    let outsider = nobody.with_token(&stranger);

    let mut wrong = Vec::new();
    let mut check = |who: &str, operation: Operation, answer: &Answer, as_expected: bool| {
        if !as_expected {
            wrong.push(format!("{who}: {} → {} {}", operation.name(), answer.status, answer.body["code"]));
        }
    };
    for &operation in Operation::ALL {
        let answer = try_operation(&nobody, operation, &id).await;
        check("nobody", operation, &answer, answer.status == 401);
        let answer = try_operation(&without_roles, operation, &id).await;
        check("without roles", operation, &answer, answer.status == 403);
        if matches!(operation, Operation::StreamEvents | Operation::FollowDashboard) {
            continue; // It doesn't end; what reaches whom is the next test's.
        }
        for (role, client) in &roles {
            let answer = try_operation(client, operation, &id).await;
            let refused = answer.status == 403 || answer.status == 401;
            check(role.name, operation, &answer, refused != allowed(role, operation));
        }
        if operation.path().contains(TICKET) {
            let answer = try_operation(&outsider, operation, &id).await;
            let hidden = answer.status == 404 || (operation.is_command() && answer.status == 422);
            check("another tenant", operation, &answer, hidden);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_route_of_the_services_is_in_the_table() {
    let served: Vec<(String, String)> = command_service::routes()
        .into_iter()
        .chain(query_api::routes())
        .map(|(method, path, operation)| {
            assert_eq!(
                (method.as_str(), path),
                (operation.method(), operation.path()),
                "{}",
                operation.name()
            );
            (method.to_string(), path.to_owned())
        })
        .collect();
    for operation in Operation::ALL {
        let route = (operation.method().to_owned(), operation.path().to_owned());
        assert!(served.contains(&route), "nobody serves {}", operation.name());
    }
    assert_eq!(served.len(), Operation::ALL.len());
}

/// All that a customer can read of a ticket with a note on it, in one text.
async fn all_that_is_seen(client: &Client, id: &str, position: i64) -> String {
    let mut seen = String::new();
    for path in [
        "/v1/tickets?count=true".to_owned(),
        "/v1/tickets?q=cellar".to_owned(),
        format!("/v1/tickets/{id}"),
        format!("/v1/tickets/{id}?as_of={position}"),
        format!("/v1/tickets/{id}/messages"),
        format!("/v1/tickets/{id}/activity"),
        format!("/v1/tickets/{id}/history"),
        format!("/v1/tickets/{id}/attachments"),
        format!("/v1/tickets/{id}/assignments"),
        "/v1/queues".to_owned(),
        "/v1/events?limit=200".to_owned(),
        "/v1/audit".to_owned(),
    ] {
        seen.push_str(&client.get_at(&path, position).await.body.to_string());
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_reaches_no_customer_anywhere() {
    let docket = Docket::up().await;
    let agent = docket.client("support_agent", "amir");
    let opened = docket.client("customer", "carla").open("Guarded").await;
    let path = format!("/v1/tickets/{}", opened.text("id"));
    let note =
        agent.post(&format!("{path}/note"), json!({"body": "Toner is in the cellar."})).await.expect(200);
    let message = note.body["message_id"].as_str().expect("the note's id").to_owned();
    let edit = format!("{path}/messages/{message}/edit");
    let last =
        agent.post(&edit, json!({"body": "Toner is in the cellar, left."})).await.expect(200).position();

    let staff = all_that_is_seen(&agent, &opened.text("id"), last).await;
    assert!(staff.contains("cellar") && staff.contains("NoteAdded") && staff.contains("note_added"));
    for role in ["customer", "client_user", "client_admin"] {
        let seen = all_that_is_seen(&docket.client(role, "carla"), &opened.text("id"), last).await;
        for secret in ["cellar", "NoteAdded", "note_added", &message] {
            assert!(!seen.contains(secret), "{role} sees {secret}: {seen}");
        }
    }
    // Nor by marking it read, editing or guessing its id.
    for verb in ["read", "edit"] {
        let guess = format!("{path}/messages/{message}/{verb}");
        let body = if verb == "edit" { json!({"body": "mine"}) } else { json!({}) };
        let answer = docket.client("customer", "carla").post(&guess, body).await;
        assert_eq!(answer.status, 404, "{:#}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_user_sees_the_tenant_but_changes_nothing() {
    let docket = Docket::up().await;
    let opened = docket.client("customer", "carla").open("Of a colleague").await;
    let path = format!("/v1/tickets/{}", opened.text("id"));
    let colleague = docket.client("client_user", "colin");
    colleague.get_at(&path, opened.position()).await.expect(200);
    for (verb, body) in [
        ("status", json!({"status": "open"})),
        ("priority", json!({"priority": "high"})),
        ("delete", json!({})),
    ] {
        colleague.post(&format!("{path}/{verb}"), body).await.expect(403);
    }
    let list: Value =
        docket.client("customer", "stefan").get("/v1/tickets?count=true").await.expect(200).body;
    assert_eq!(list["total"], 0, "another customer sees none of it");
}
