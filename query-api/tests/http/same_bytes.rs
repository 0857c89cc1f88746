//! Two histories that differ only in what is internal give a customer the same bytes: on every endpoint that they may
//! ask, in every format, on every stream. What is internal is taken from the table of events; in the other history, a
//! stranger's events are at its positions.

use std::collections::BTreeMap;

use axum::body::to_bytes;
use axum::http::HeaderMap;
use domain::event::{Event, TICKET};
use domain::identity::{Operation, Principal, Role};
use domain::ids::{TenantId, UserId};
use domain::metadata::ActorKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{App, Caller};
use crate::golden::{Writer, payload, read, ticket_types, time};
use crate::socket::Socket;
use crate::sse::Stream;

const NUMBER: &str = "TKT-00000001";
/// How many queries of an endpoint are asked in every way.
const FIRST: usize = 4;

fn ticket() -> String {
    Uuid::from_u128(1).to_string()
}

/// A golden payload that says so, where it can.
fn marked(event: &str, internal: bool, message: u128) -> Value {
    let mut payload = payload(event);
    if payload.get("internal").is_some() {
        payload["internal"] = internal.into();
    }
    if payload.get("message_id").is_some() {
        payload["message_id"] = Uuid::from_u128(message).to_string().into();
    }
    payload
}

fn is_internal(event: &str, payload: &Value) -> bool {
    match read(TICKET, event, payload) {
        Some(Event::Ticket(event)) => event.is_internal(),
        other => panic!("{event}: {other:?}"),
    }
}

/// What a customer may know of, each once, but for the opening and what takes a text away.
fn public_events() -> Vec<(&'static str, Value)> {
    let events = ticket_types().into_iter().map(|event| (event, marked(event, false, 100)));
    events.filter(|(event, payload)| *event != "TicketOpened" && !is_internal(event, payload)).collect()
}

/// What is internal, each once, and spam at the end.
fn internal_events(round: u128) -> Vec<(&'static str, Value)> {
    let events = ticket_types().into_iter().map(|event| (event, marked(event, true, 200 + round)));
    let mut events: Vec<_> = events.filter(|(event, payload)| is_internal(event, payload)).collect();
    // What happens to a note comes after it.
    events.sort_by_key(|(event, _)| *event != "NoteAdded");
    events.push(("TicketMarkedSpam", payload("TicketMarkedSpam")));
    for (_, payload) in &mut events {
        if let Some(files) = payload.get_mut("attachments").and_then(Value::as_array_mut) {
            for file in files {
                file["id"] = Uuid::from_u128(300 + round).to_string().into();
            }
        }
    }
    events
}

/// Writes the history. Gives its last position.
async fn history(app: &App, internal: bool) -> i64 {
    app.create_tenant("other").await;
    let mut writer = Writer::new(app, 2);
    let mut round = 0;
    let opened = |requester: &str| {
        let mut opened = payload("TicketOpened");
        opened["requester"]["id"] = requester.into();
        opened
    };
    let strangers = Uuid::from_u128(2).to_string();
    let other = TenantId::of_key("other");
    let by = writer.metadata("stefan", "customer");
    writer.event_in(other, TICKET, &strangers, "TicketOpened", &opened("stefan"), &by).await;
    let by = writer.metadata("carla", "customer");
    writer.event(TICKET, &ticket(), "TicketOpened", &opened("carla"), &by).await;
    let public = public_events();
    for (nth, (event, payload)) in public.iter().enumerate() {
        if [0, public.len() / 2].contains(&nth) {
            round += 1;
            inside(&mut writer, internal, round, &strangers).await;
        }
        let by = writer.metadata("amir", "agent");
        writer.event(TICKET, &ticket(), event, payload, &by).await;
    }
    inside(&mut writer, internal, round + 1, &strangers).await;
    writer.position
}

async fn inside(writer: &mut Writer<'_>, internal: bool, round: u128, strangers: &str) {
    for (event, payload) in internal_events(round) {
        let by = writer.metadata("amir", "agent");
        if internal {
            writer.event(TICKET, &ticket(), event, &payload, &by).await;
        } else {
            let tag = json!({"tag": format!("t{}", writer.position)});
            writer.event_in(TenantId::of_key("other"), TICKET, strangers, "TagAdded", &tag, &by).await;
        }
    }
}

/// What a customer may ask at an endpoint. One that isn't named here is asked as it is.
fn queries(operation: Operation, head: i64) -> Vec<String> {
    let pages = ["", "?count=true", "?limit=1", "?limit=3&count=true"].map(str::to_owned);
    match operation {
        Operation::ListTickets => {
            let times = (1..=head).step_by(3).flat_map(|position| {
                ["updated_after", "updated_before"].map(|name| format!("?{name}={}", time(position)))
            });
            let filters = [
                "spam=true",
                "spam=true&count=true",
                "spam=false",
                "deleted=true",
                "sla=met",
                "sort=sla_due_at",
                "sort=-updated_at",
                "sort=priority&limit=1",
                "organization=choir",
                "organization=stage",
                "team=night",
                "assignee=none",
                "assignee=lena",
                "tag=vip",
                "status=open",
                "status_category=resolved",
                "q=toner",
                "q=cellar",
                "q=toner.png",
                "requester=carla",
                "source=portal",
                "count=true&organization=choir",
                "routing=hybrid",
                "escalated=true",
                "queue=night",
            ];
            pages.into_iter().chain(times).chain(filters.map(|filter| format!("?{filter}"))).collect()
        }
        Operation::GetTicket => {
            let positions = (0..=head + 1).map(|position| format!("?as_of={position}"));
            let times = (1..=head).map(|position| format!("?as_of={}", time(position)));
            std::iter::once(String::new()).chain(positions).chain(times).collect()
        }
        Operation::GetActivity => {
            let kinds = ["note_added", "escalated", "routed", "marked_spam", "assigned"];
            pages.into_iter().chain(kinds.map(|kind| format!("?type={kind}&count=true"))).collect()
        }
        Operation::ReadEvents => {
            let places = (0..=head).step_by(2).flat_map(|after| {
                ["", "&type=NoteAdded", "&type=ReplyAdded,NoteAdded", "&aggregate=export", "&limit=1000"].map(
                    |filter| {
                        format!("?after={after}&limit=1{filter}").replace("limit=1&limit=1000", "limit=1000")
                    },
                )
            });
            let subjects = [ticket(), NUMBER.to_owned(), Uuid::from_u128(2).to_string()];
            let subjects = subjects.map(|subject| format!("?subject={subject}&type=NoteAdded&limit=1"));
            places.chain(subjects).collect()
        }
        _ => pages.into_iter().collect(),
    }
}

/// An answer as text, headers and all, but for the cell's own position.
async fn answer(caller: &Caller<'_>, path: &str, accept: &str) -> (String, Value) {
    let headers = [("accept", accept), ("x-request-id", "r-2")];
    let response = caller.app.send(caller.request(path, &headers)).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let value = serde_json::from_str(&text).unwrap_or(Value::Null);
    (format!("{} {}\n{text}", parts.status, shown(&parts.headers)), value)
}

fn shown(headers: &HeaderMap) -> String {
    let mut lines: Vec<String> = headers
        .iter()
        .filter(|(name, _)| !["docket-position", "date", "traceparent"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    lines.sort();
    lines.join("; ")
}

/// All that a customer is answered, by what they asked.
async fn answers(
    app: &App,
    caller: &Caller<'_>,
    principal: &Principal,
    head: i64,
) -> BTreeMap<String, String> {
    let mut answers = BTreeMap::new();
    let asked = Operation::ALL.iter().filter(|one| !one.is_command() && principal.may(**one).is_ok());
    for operation in asked.copied() {
        if [Operation::StreamEvents, Operation::OpenSocket].contains(&operation) {
            continue;
        }
        for id in [ticket(), NUMBER.to_owned()] {
            let path = operation.path().replace("{id}", &id);
            assert!(!path.contains('{'), "{path}: say what is asked for");
            // Each query once; the first, which are of pages, by number and as files as well.
            for (nth, query) in queries(operation, head).into_iter().enumerate() {
                if nth >= FIRST && id == NUMBER {
                    break;
                }
                let files = ["application/json", "text/csv", "application/x-ndjson"];
                for accept in files.into_iter().take(if nth < FIRST { 3 } else { 1 }) {
                    let mut at = format!("{path}{query}");
                    for page in 0..40 {
                        let (text, value) = answer(caller, &at, accept).await;
                        answers.insert(format!("{accept} {path}{query} {page}"), text);
                        let Some(cursor) = value["next_cursor"].as_str() else { break };
                        let more = if query.is_empty() { '?' } else { '&' };
                        at = format!("{path}{query}{more}cursor={cursor}");
                    }
                }
            }
            if !operation.path().contains("{id}") {
                break;
            }
        }
    }
    streams(app, caller, &mut answers).await;
    answers
}

/// What the streams send from the beginning.
async fn streams(app: &App, caller: &Caller<'_>, answers: &mut BTreeMap<String, String>) {
    let feed = caller.get("/v1/events?limit=1000").await.ok();
    let count = feed["items"].as_array().unwrap().len();
    let mut stream = Stream::open(caller, "/v1/events/stream?after=0", &[]).await;
    let mut socket = Socket::open(app.listen().await, caller, "after=0").await;
    for nth in 0..count {
        answers.insert(format!("stream {nth:04}"), format!("{:?}", stream.next().await.unwrap()));
        answers.insert(format!("socket {nth:04}"), socket.next().await.unwrap().to_string());
    }
}

/// Without the moments at which each event was written down.
async fn normalised(app: &App, answers: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let all = app.as_user("ada", "auditor").get("/v1/events?limit=1000").await.ok();
    let written: Vec<(String, String)> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["recordedat"].as_str().unwrap().to_owned(), format!("R{}", event["position"])))
        .collect();
    let without = |text: String| written.iter().fold(text, |text, (time, name)| text.replace(time, name));
    answers.into_iter().map(|(asked, text)| (asked, without(text))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_internal_changes_no_byte_for_a_customer() {
    assert!(internal_events(1).len() > 10 && public_events().len() > 15);
    let (with, without) = (App::start().await, App::start().await);
    let head = history(&with, true).await;
    assert_eq!(history(&without, false).await, head);
    for app in [&with, &without] {
        // All read models that customers are shown anything of.
        for below in ["", "/messages", "/activity", "/attachments", "/assignments"] {
            app.agent().get_at(&format!("/v1/tickets/{NUMBER}{below}"), head).await.ok();
        }
        app.agent().get_at("/v1/tickets?q=toner", head).await.ok();
    }
    let staff = with.agent().get(&format!("/v1/tickets/{NUMBER}")).await.ok();
    assert_eq!((&staff["spam"], &staff["version"]), (&json!(true), &json!(head - 3)));
    for role in Role::BUILT_IN.iter().filter(|role| role.kind == ActorKind::Customer) {
        let user = UserId::new("carla").unwrap();
        let principal = Principal::new(user, TenantId::of_key("default"), vec![role.name.to_owned()]);
        let mut all = Vec::new();
        for app in [&with, &without] {
            let caller = app.as_user("carla", role.name);
            let answers = answers(app, &caller, &principal, head).await;
            all.push(normalised(app, answers).await);
        }
        let [with, without] = &all[..] else { unreachable!() };
        assert!(with.len() > 300, "{}", with.len());
        for (asked, answer) in with {
            let other = without.get(asked).map_or("nothing", String::as_str);
            assert!(
                answer == other,
                "{}, {asked}: with what is internal\n{answer}\nwithout\n{other}",
                role.name
            );
        }
        assert_eq!(with.len(), without.len());
        let seen = with.values().filter(|answer| answer.starts_with("200")).count();
        assert!(seen > 200, "{seen} answers say something");
    }
    with.stop().await;
    without.stop().await;
}
