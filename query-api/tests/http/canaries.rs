//! A canary in every field of every event, looked for in every answer of every role, against the one table.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::to_bytes;
use domain::disclosure::{DISCLOSURES, Disclosure, METADATA, Reader};
use domain::event::{EXPORT, SLA, TENANT, TICKET};
use domain::identity::{Operation, Principal, Role};
use domain::ids::{OrganizationId, TenantId, UserId};
use domain::metadata::ActorKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{App, Caller, tenant};
use crate::golden::{Writer, payload, read};
use crate::sse::Stream;

/// Where a canary sits, and who may meet it.
#[derive(Clone, Debug)]
struct Perch {
    aggregate: &'static str,
    field: String,
    event: Reader,
    reader: Reader,
    actor: &'static str,
    /// Its message was redacted: nobody may meet it.
    gone: bool,
}

#[derive(Default)]
struct Aviary(Vec<Perch>);

impl Aviary {
    fn word(&mut self, perch: Perch) -> String {
        self.0.push(perch);
        format!("zq{}qz", self.0.len() - 1)
    }

    fn found(&self, text: &str) -> BTreeSet<usize> {
        let words = text.split("zq").skip(1).filter_map(|rest| rest.split_once("qz"));
        words.filter_map(|(number, _)| number.parse().ok()).filter(|number| *number < self.0.len()).collect()
    }
}

/// The paths of texts in a payload.
fn texts(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(pointer.to_owned()),
        Value::Array(elements) => {
            elements
                .iter()
                .enumerate()
                .for_each(|(at, element)| texts(element, &format!("{pointer}/{at}"), found));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| texts(member, &format!("{pointer}/{name}"), found));
        }
        _ => {}
    }
}

/// The path as the table has it.
fn path(row: &Disclosure, pointer: &str) -> String {
    let names = pointer.split('/').skip(1).filter(|name| name.parse::<usize>().is_err());
    let mut path = names.collect::<Vec<_>>().join(".");
    while row.field(&path).is_none() {
        path =
            path.rsplit_once('.').unwrap_or_else(|| panic!("{}{pointer} has no row", row.event)).0.to_owned();
    }
    path
}

/// The golden payload of a type with a canary wherever a text may be any.
fn sung(
    aviary: &mut Aviary,
    row: &'static Disclosure,
    mut payload: Value,
    actor: &'static str,
    gone: bool,
) -> Value {
    let event = read(row.aggregate, row.event, &payload).unwrap().reader();
    let mut pointers = Vec::new();
    texts(&payload, "", &mut pointers);
    for pointer in pointers {
        if pointer == "/requester/id" || pointer == "/number" {
            continue;
        }
        let path = path(row, &pointer);
        let reader = row.field(&path).unwrap();
        let gone =
            gone && row.texts.iter().any(|text| path == *text || path.starts_with(&format!("{text}.")));
        let field = format!("{}.{path}", row.event);
        let word = aviary.word(Perch { aggregate: row.aggregate, field, event, reader, actor, gone });
        let mut changed = payload.clone();
        *changed.pointer_mut(&pointer).unwrap() = word.into();
        if read(row.aggregate, row.event, &changed).is_some() {
            payload = changed;
        } else {
            aviary.0.pop();
        }
    }
    payload
}

/// Circumstances with a canary wherever a text may be any.
fn circumstances(aviary: &mut Aviary, writer: &Writer<'_>, event: Reader, actor: &'static str) -> Value {
    let mut metadata = writer.metadata(actor, if actor == "carla" { "customer" } else { "agent" });
    for (reader, paths) in METADATA {
        for path in paths
            .iter()
            .filter(|path| !["actor.id", "actor.kind", "occurred_at", "causation_id"].contains(path))
        {
            let field = format!("metadata.{path}");
            let perch = Perch { aggregate: TICKET, field, event, reader: *reader, actor, gone: false };
            let pointer = format!("/{}", path.replace('.', "/"));
            let word = aviary.word(perch);
            match metadata.pointer_mut(&pointer) {
                Some(text) => *text = word.into(),
                None => metadata[*path] = word.into(),
            }
        }
    }
    metadata
}

fn of_message(row: &Disclosure, message: u128) -> Value {
    let mut payload = payload(row.event);
    if payload.get("message_id").is_some() {
        payload["message_id"] = Uuid::from_u128(message).to_string().into();
    }
    payload
}

/// One ticket to which everything happens; on it a reply, that was changed, and a note are redacted.
async fn history(app: &App, aviary: &mut Aviary) -> i64 {
    let mut writer = Writer::new(app, 1);
    let id = Uuid::from_u128(1).to_string();
    let row = |name: &str| Disclosure::of(TICKET, name).unwrap();
    let rows = DISCLOSURES.iter().filter(|row| row.aggregate == TICKET && row.event != "MessageRedacted");
    let mut events: Vec<(&'static Disclosure, Value, bool)> = Vec::new();
    for row in rows {
        // Notes and replies are different messages.
        let message = if row.reader == Reader::Notes { 11 } else { 10 };
        events.push((row, of_message(row, message), false));
    }
    for (nth, name) in ["ReplyAdded", "MessageEdited", "NoteAdded"].into_iter().enumerate() {
        events.push((row(name), of_message(row(name), if nth < 2 { 20 } else { 21 }), true));
    }
    for message in [20, 21] {
        let mut redaction = of_message(row("MessageRedacted"), message);
        redaction["internal"] = (message == 21).into();
        events.push((row("MessageRedacted"), redaction, false));
    }
    for (row, mut payload, gone) in events {
        if let Some(files) = payload.get_mut("attachments").and_then(Value::as_array_mut) {
            for file in files {
                file["id"] = Uuid::from_u128(writer.position as u128).to_string().into();
            }
        }
        let actor = if row.event == "TicketOpened" { "carla" } else { "amir" };
        let payload = sung(aviary, row, payload, actor, gone);
        let event = read(TICKET, row.event, &payload).unwrap().reader();
        let by = circumstances(aviary, &writer, event, actor);
        writer.event(TICKET, &id, row.event, &payload, &by).await;
    }
    writer.knows(&tenant().to_string(), 0);
    for row in DISCLOSURES.iter().filter(|row| row.aggregate != TICKET && row.event != "TenantCreated") {
        let payload = sung(aviary, row, payload(row.event), "amir", false);
        let by = writer.metadata("amir", "agent");
        match row.aggregate {
            SLA => writer.event(SLA, &tenant().to_string(), row.event, &payload, &by).await,
            EXPORT => writer.event(EXPORT, &Uuid::from_u128(5).to_string(), row.event, &payload, &by).await,
            // The tenant's stream has its creation already; the id is that of its policies too.
            _ => {
                assert_eq!(row.aggregate, TENANT);
                let version = app.tenant_version().await;
                let mut tenants = Writer::new(app, writer.position);
                tenants.knows(&tenant().to_string(), version);
                tenants.event(TENANT, &tenant().to_string(), row.event, &payload, &by).await;
                writer.position = tenants.position;
            }
        }
    }
    writer.position
}

/// How things are set up is shown as it stands, by operations of its own; what is kept of exports and tenants as
/// events is not.
const CONFIGURATION: [Operation; 6] = [
    Operation::GetTenant,
    Operation::GetSlaConfig,
    Operation::ListPolicies,
    Operation::GetPolicy,
    Operation::ListCalendars,
    Operation::GetCalendar,
];

/// All that somebody is answered, by operation.
async fn answers(caller: &Caller<'_>, principal: &Principal) -> Vec<(Operation, String)> {
    let mut answers = Vec::new();
    let asked = Operation::ALL.iter().filter(|one| !one.is_command() && principal.may(**one).is_ok());
    for operation in asked.copied() {
        if [Operation::StreamEvents, Operation::OpenSocket, Operation::FollowDashboard].contains(&operation) {
            continue;
        }
        let path = operation.path().replace("{tenant}", "default");
        let path = if path.starts_with("/v1/tickets") { path.replace("{id}", "TKT-00000001") } else { path };
        let path = path.replace("{key}", "medium");
        assert!(!path.contains('{'), "{path}: say what is asked for");
        let queries = match operation {
            Operation::ReadEvents => &["?limit=1000"][..],
            Operation::GetTicket => &["", "?as_of=1000", "?as_of=20", "?as_of=2026-01-01T00:30:00Z"],
            Operation::ListTickets => &["", "?spam=true", "?deleted=true", "?count=true"],
            Operation::GetMessages
            | Operation::GetActivity
            | Operation::GetHistory
            | Operation::GetAttachments => &["?limit=200"],
            Operation::SearchAudit => &["?limit=200"],
            _ => &[""],
        };
        for query in queries {
            for accept in ["application/json", "text/csv", "application/x-ndjson"] {
                let query = if accept == "application/json" { *query } else { "" };
                let request = caller.request(&format!("{path}{query}"), &[("accept", accept)]);
                let body = caller.app.send(request).await.into_body();
                let body = to_bytes(body, usize::MAX).await.unwrap();
                answers.push((operation, String::from_utf8_lossy(&body).into_owned()));
            }
        }
    }
    answers
}

async fn followed(caller: &Caller<'_>) -> String {
    let feed = caller.get("/v1/events?limit=1000").await.ok();
    let mut stream = Stream::open(caller, "/v1/events/stream?after=0", &[]).await;
    let mut text = String::new();
    for _ in feed["items"].as_array().unwrap() {
        text += &stream.next().await.unwrap().data.to_string();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_meets_the_canaries_that_the_table_lets_them() {
    let app = App::start().await;
    let mut aviary = Aviary::default();
    let head = history(&app, &mut aviary).await;
    for below in ["", "/messages", "/activity", "/attachments", "/assignments"] {
        app.agent().get_at(&format!("/v1/tickets/TKT-00000001{below}"), head).await.ok();
    }
    assert!(aviary.0.len() > 200);
    let mut met_by_role: BTreeMap<&str, usize> = BTreeMap::new();
    for role in Role::BUILT_IN {
        let staff = role.kind != ActorKind::Customer;
        let user = if staff { "zoe" } else { "carla" };
        let organization = OrganizationId::new("acme").unwrap();
        let mut principal = Principal::new(
            UserId::new(user).unwrap(),
            TenantId::of_key("default"),
            vec![role.name.to_owned()],
        );
        principal.organization = Some(organization.clone());
        let caller = app.of_organization(user, role.name, &organization);
        let mut answers = answers(&caller, &principal).await;
        if principal.may(Operation::StreamEvents).is_ok() {
            answers.push((Operation::StreamEvents, followed(&caller).await));
        }
        let mut met = BTreeSet::new();
        for (operation, text) in &answers {
            for number in aviary.found(text) {
                let perch = &aviary.0[number];
                assert!(!perch.gone, "{} meets {} by {operation:?}: it is redacted", role.name, perch.field);
                let configured =
                    CONFIGURATION.contains(operation) && [SLA, TENANT].contains(&perch.aggregate);
                let may =
                    [perch.event, perch.reader].iter().all(|reader| reader.admits(&principal, perch.actor));
                assert!(may || configured, "{} meets {} by {operation:?}", role.name, perch.field);
                met.insert(number);
            }
        }
        met_by_role.insert(role.name, met.len());
        if role.name == "platform_admin" {
            let missed: Vec<_> = (0..aviary.0.len()).filter(|number| !met.contains(number)).collect();
            let missed: Vec<_> =
                missed.iter().map(|number| &aviary.0[*number]).filter(|perch| !perch.gone).collect();
            assert!(missed.is_empty(), "nobody meets {missed:#?}");
        }
    }
    assert!(met_by_role["customer"] > 40, "{met_by_role:?}");
    assert!(met_by_role["customer"] < met_by_role["analyst"], "{met_by_role:?}");
    assert!(met_by_role["analyst"] < met_by_role["support_agent"], "{met_by_role:?}");
    assert!(met_by_role["support_agent"] < met_by_role["auditor"], "{met_by_role:?}");
    assert_eq!(json!(met_by_role["customer"]), json!(met_by_role["client_user"]));
    app.stop().await;
}
