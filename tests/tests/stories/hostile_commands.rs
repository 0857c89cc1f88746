//! Whatever commands say, they are refused by name or taken; what is taken can be shown.
//!
//! Bodies are made from the table of every command's fields and from samples of what is configured, so that the
//! next field is tried without anybody remembering to.

use std::collections::BTreeMap;
use std::sync::Arc;

use command_service::{Answer, CommandRequest, CommandService, Target, TicketRef};
use docket_tests::{Place, eventually};
use domain::export::RecordExport;
use domain::identity::Principal;
use domain::ids::{MessageId, TenantId, TicketId, UserId};
use domain::sla::SlaCommand;
use domain::sla::commands::{AddCalendar, AddPolicy, RemoveCalendar, RemovePolicy};
use domain::tenant::CreateTenant;
use domain::ticket::TicketCommand;
use serde_json::{Map, Value, json};
use service_kit::clock::SystemClock;
use service_kit::http::RequestInfo;
use service_kit::problem::Problem;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// So many bodies of each kind of command and tenant.
const BODIES: usize = 60;
const TENANTS: [&str; 2] = ["one", "two"];
/// An id that callers of both tenants choose, again and again.
const SHARED: Uuid = Uuid::from_u128(7);

/// Numbers that only look as if by chance (splitmix64), the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    fn of<T: Clone>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())].clone()
    }
}

/// What nobody expects where something else is wanted.
fn hostile() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(1_u64 << 53),
        json!(1e308),
        json!(5e-324),
        json!(""),
        json!(" "),
        json!("a\0b"),
        json!("\u{200b}\u{200d}\u{feff}"),
        json!("\u{202e}txet \u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467} e\u{301} \u{fffe} \u{10ffff} İı"),
        json!("'; DROP TABLE events; -- \\ \" \t \r\n {},"),
        json!("ä".repeat(255)),
        json!("\u{10ffff}".repeat(255)),
        json!("ä".repeat(256)),
        json!("word ".repeat(13_000)),
        json!((0..12_000).map(|n| format!("{n:x}")).collect::<Vec<_>>().join(" ")),
        json!("\u{10ffff}".repeat(65_536)),
        json!("x".repeat(70_000)),
        json!([]),
        json!(["a", "a", "A", "ä", ""]),
        json!(vec!["x"; 1_001]),
        json!({}),
        json!({"\0": "\0"}),
        json!({"a": {"b": [1, null, "\0"]}}),
        deep,
        json!(SHARED),
        json!(Uuid::nil()),
        json!(Uuid::max()),
    ]
}

/// What a field of this name may well say.
fn fitting(name: &str, chance: &mut Chance) -> Value {
    let text = |chance: &mut Chance| {
        json!(chance.of(&[
            "x",
            "No toner",
            "Grüße 😀",
            "\u{10ffff}\u{10ffff}",
            "a,b",
            "=1+1",
            "日本語",
            "ä ö"
        ]))
    };
    match name {
        "rating" => json!(1 + chance.below(5)),
        "size" => chance.of(&[json!(0), json!(7), json!((1_u64 << 53) - 1)]),
        "status" => json!(chance.of(&["open", "in_progress", "waiting_customer", "resolved", "closed"])),
        "priority" => json!(chance.of(&["low", "medium", "high", "critical"])),
        "routing" => json!(chance.of(&["internal", "organization", "hybrid"])),
        "source" => json!(chance.of(&["portal", "email", "import", "api"])),
        "id" => chance.of(&[json!(SHARED), json!(Uuid::from_u128(8)), json!("carla")]),
        "email" => json!(chance.of(&["carla@x.example", "ä@ö.example"])),
        "tags" | "add" | "remove" | "mentions" => json!([text(chance), text(chance)]),
        "*" | "custom_fields" => {
            json!({"room": text(chance), "ä/~": [1, 1e300, u64::MAX, "x"], "n": i64::MIN})
        }
        "channel_metadata" => json!({"a": [1, {"b": text(chance)}]}),
        _ => text(chance),
    }
}

/// A body of a kind, from its rows in the table.
fn body(kind: &str, chance: &mut Chance, hostile: &[Value]) -> Value {
    let mut body = Map::new();
    let mut within: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
    let spoiled = chance.below(2) == 0;
    for (pointer, _) in TicketCommand::taken_from(kind) {
        let mut names: Vec<&str> = pointer.trim_start_matches('/').split('/').collect();
        let name = names.pop().expect("a name");
        let value = match chance.below(8) {
            0 if spoiled => chance.of(hostile),
            1 | 2 if spoiled => continue,
            _ => fitting(name, chance),
        };
        match names.first() {
            Some(parent) => within.entry((*parent).to_owned()).or_default().push((name.to_owned(), value)),
            None if name == "*" => body.extend(value.as_object().cloned().unwrap_or_default()),
            None => drop(body.insert(name.to_owned(), value)),
        }
    }
    for (parent, fields) in within {
        if chance.below(3) == 0 {
            body.remove(&parent);
            continue;
        }
        let object = Value::Object(fields.into_iter().collect());
        let nested = match parent.as_str() {
            "attachments" => json!(vec![object; 1 + chance.below(2)]),
            _ => object,
        };
        body.insert(parent, nested);
    }
    // Of those that are one or the other.
    if kind == "escalate" && chance.below(2) == 0 {
        let keep = chance.of(&["to_role", "to_agent", "to_team"]);
        body.retain(|name, _| !name.starts_with("to_") || name == keep);
    }
    if kind == "tags" && chance.below(2) == 0 {
        body.remove("remove");
    }
    Value::Object(body)
}

/// Where a command stands: accepted, or refused with a 4xx.
#[track_caller]
fn answered<E: Into<Problem>>(what: &str, answer: Result<Answer, E>) -> Option<Answer> {
    match answer {
        Ok(answer) => Some(answer),
        Err(error) => {
            let problem: Problem = error.into();
            assert!(problem.status().is_client_error(), "{what}: {problem:?}");
            None
        }
    }
}

fn request(tenant: TenantId, role: &str, user: &str) -> CommandRequest {
    let mut principal = match role {
        "system" => Principal::system(UserId::new(user).expect("an id"), tenant),
        role => Principal::new(UserId::new(user).expect("an id"), tenant, vec![role.to_owned()]),
    };
    principal.name = Some("İpek \u{202e}\u{10ffff}".to_owned());
    CommandRequest::new(Arc::new(principal), RequestInfo::internal())
}

/// Commands on tickets of both tenants. Gives how many of each kind were taken.
async fn on_tickets(service: &CommandService, hostile: &[Value]) -> BTreeMap<&'static str, usize> {
    let mut chance = Chance(10);
    let mut taken = BTreeMap::new();
    let mut tickets: BTreeMap<&str, Vec<(TicketId, Vec<MessageId>)>> = BTreeMap::new();
    for round in 0..BODIES {
        for (kind, tenant) in
            TicketCommand::KINDS.iter().flat_map(|kind| TENANTS.map(|tenant| (*kind, tenant)))
        {
            let known = tickets.entry(tenant).or_default();
            let place = chance.below(known.len().max(1));
            let (target, message) = match (kind, known.get(place)) {
                ("open", _) => (Target::New, None),
                (_, None) => continue,
                (_, Some((id, messages))) => {
                    (Target::Ticket(TicketRef::Id(*id)), messages.last().copied().or(Some(MessageId(SHARED))))
                }
            };
            let (role, user) = match kind {
                "rate" => ("customer", "carla"),
                "open" if round % 2 == 0 => ("platform_admin", "carla"),
                _ => chance.of(&[
                    ("platform_admin", "root"),
                    ("platform_admin", "amir"),
                    ("customer", "carla"),
                ]),
            };
            let body = body(kind, &mut chance, hostile);
            let what = format!("{kind} by {role} {:.300}", body.to_string());
            // What can't be read is 422 with a pointer.
            let Some(Ok(command)) = TicketCommand::read(kind, message, body) else { continue };
            let request = request(TenantId::of_key(tenant), role, user);
            let answer = service.executor().execute(&request, &target, &command).await;
            let Some(answer) = answered(&what, answer) else { continue };
            *taken.entry(kind).or_default() += 1;
            let known = tickets.entry(tenant).or_default();
            if kind == "open" {
                known.push((answer.id.parse().expect("an id"), Vec::new()));
            } else if let Some(id) = answer.extra.message_id {
                known[place].1.push(id);
            }
        }
    }
    taken
}

/// Each leaf of a sample, with something else in its place.
fn spoiled(sample: &Value, hostile: &[Value]) -> Vec<Value> {
    fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), found));
            }
            Value::Array(elements) => {
                (0..).zip(elements).for_each(|(nth, value)| leaves(value, &format!("{at}/{nth}"), found));
            }
            _ => {}
        }
    }
    let mut places = Vec::new();
    leaves(sample, "", &mut places);
    places.retain(|place| !place.is_empty());
    let of = |place: &String| {
        let with = |value: &Value| {
            let mut spoiled = sample.clone();
            *spoiled.pointer_mut(place).expect("a place") = value.clone();
            spoiled
        };
        hostile.iter().map(with).collect::<Vec<_>>()
    };
    places.iter().flat_map(of).collect()
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Policies, calendars, statistics' settings, exports. Gives how many were taken.
async fn on_configuration(service: &CommandService, hostile: &[Value]) -> usize {
    let executor = service.executor();
    let mut taken = 0;
    for tenant in TENANTS {
        let request = request(TenantId::of_key(tenant), "system", "root");
        let policy = json!({
            "key": "new", "name": "New", "place": 1, "calendar": "office",
            "when": {"priority_rank": [1], "category": ["x"], "request_type": ["y"], "organization": ["z"], "tag": ["t"]},
            "first_response": 5, "next_reply": 5, "resolution": 60, "warning": {"percent": 50}, "reopen": "anew",
            "escalation": [{"after": {"percent_used": ["resolution", 150]}, "to": {"team": "night"}, "raise_priority": true},
                           {"after": {"open_hours": 4}, "to": {"role": "support_lead"}}],
        });
        let calendar = json!({
            "key": "new", "name": "New", "time_zone": "Europe/Berlin",
            "weekly": {"monday": [{"from": "09:00", "to": "17:00"}]},
            "holidays": [{"date": "2026-12-25", "name": "Christmas"}],
        });
        for body in spoiled(&policy, hostile).into_iter().chain([policy.clone()]) {
            let what = format!("{:.300}", body.to_string());
            let Ok(command) = AddPolicy::read(members(body)) else { continue };
            let key = command.policy.key.clone();
            if answered(&what, executor.configure_sla(&request, &command.into()).await).is_some() {
                taken += 1;
                let remove: SlaCommand = RemovePolicy { key }.into();
                answered(&what, executor.configure_sla(&request, &remove).await);
            }
        }
        for body in spoiled(&calendar, hostile).into_iter().chain([calendar.clone()]) {
            let what = format!("{:.300}", body.to_string());
            let Ok(command) = AddCalendar::read(members(body)) else { continue };
            let key = command.key.clone();
            if answered(&what, executor.configure_sla(&request, &command.into()).await).is_some() {
                taken += 1;
                let remove: SlaCommand = RemoveCalendar { key }.into();
                answered(&what, executor.configure_sla(&request, &remove).await);
            }
        }
        let reporting = json!({
            "time_zone": "Europe/Berlin", "calendar": "office", "currency": "EUR", "hourly_rate": 4500,
            "team_hourly_rates": {"night": 6500},
        });
        for body in spoiled(&reporting, hostile).into_iter().chain([reporting.clone()]) {
            let what = format!("{:.300}", body.to_string());
            taken += usize::from(
                answered(&what, executor.change_reporting(&request, members(body)).await).is_some(),
            );
        }
        let export = json!({
            "what": "tickets", "form": "csv", "position": 1, "parameters": [{"name": "q", "value": "toner"}],
        });
        for body in spoiled(&export, hostile).into_iter().chain([export.clone()]) {
            let what = format!("{:.300}", body.to_string());
            let Ok(command) = serde_json::from_value::<RecordExport>(body) else { continue };
            taken += usize::from(answered(&what, executor.record_export(&request, &command).await).is_some());
        }
    }
    taken
}

async fn create(service: &CommandService, key: &str, prefix: Option<String>) -> Result<(), Problem> {
    let command = CreateTenant {
        key: key.to_owned(),
        parent: None,
        profile: "education".to_owned(),
        number_prefix: prefix,
    };
    let command = if TENANTS.contains(&key) {
        CreateTenant { profile: "platform".to_owned(), ..command }
    } else {
        command
    };
    let created =
        service.executor().create_tenant(&request(TenantId::of_key(key), "system", "root"), &command).await;
    created.map(drop).map_err(Problem::from)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_taken_can_be_shown() {
    let (place, shutdown) = (Place::new().await, CancellationToken::new());
    let projections = place.projections(&shutdown);
    let service = place.commands(Arc::new(SystemClock), None, &shutdown).await;
    for tenant in TENANTS {
        create(&service, tenant, None).await.expect("a tenant");
    }
    let hostile = hostile();
    for (number, prefix) in (0..).zip(hostile.iter().filter_map(Value::as_str)) {
        let key = format!("tenant-{number}");
        if let Err(problem) = create(&service, &key, Some(prefix.to_owned())).await {
            assert!(problem.status().is_client_error(), "{prefix:.100}: {problem:?}");
        } else {
            let open = json!({"subject": "x", "description": "y"});
            let command = TicketCommand::read("open", None, open).expect("a kind").expect("a command");
            let request = request(TenantId::of_key(&key), "customer", "carla");
            service.executor().execute(&request, &Target::New, &command).await.expect("a ticket");
        }
    }
    let taken = on_tickets(&service, &hostile).await;
    for kind in TicketCommand::KINDS {
        assert!(taken.get(kind).is_some_and(|taken| *taken > 0), "no {kind} was taken: {taken:?}");
    }
    assert!(on_configuration(&service, &hostile).await > 50);
    // Lone surrogates are no text: bodies with them aren't JSON.
    assert!(serde_json::from_str::<Value>(r#"{"subject":"\ud800"}"#).is_err());

    eventually("every read model at the head", async || {
        let behind =
            "SELECT count(*) FROM read.checkpoints WHERE position < (SELECT max(position) FROM events)";
        (place.number(behind).await == 0).then_some(())
    })
    .await;
    let parked: Vec<(String, String, String)> =
        sqlx::query_as("SELECT projection, event_type, error FROM parked_streams ORDER BY position LIMIT 10")
            .fetch_all(&place.pool)
            .await
            .expect("what is parked");
    assert!(parked.is_empty(), "{parked:#?}");
    shutdown.cancel();
    service.stopped().await;
    projections.stopped().await;
}
