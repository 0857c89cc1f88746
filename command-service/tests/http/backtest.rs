//! Policies and calendars tried on the past, over HTTP.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use command_service::{Answer, CommandRequest, History, ReplayError, Target, Trial, replay};
use domain::identity::Principal;
use domain::ids::{TenantId, UserId};
use domain::sla::backtest::{Detail, Period};
use domain::sla::policy::{Metric, Rules};
use domain::ticket::Ticket;
use domain::ticket::commands::Open;
use domain::ticket::event::SlaWarned;
use event_store::store::{Circumstances, Store};
use serde_json::{Value, json};
use service_kit::clock::RandomIds;
use service_kit::http::RequestInfo;

use super::harness::App;

const PATH: &str = "/v1/sla/backtest";
const EVENTS: &str = "SELECT count(*) FROM events";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn asking(tenant: &str, occurred_at: &str) -> CommandRequest {
    let root = Principal::system(UserId::new("importer").unwrap(), TenantId::of_key(tenant));
    let mut request = CommandRequest::new(Arc::new(root), RequestInfo::internal());
    request.history = Some(History { occurred_at: at(occurred_at), import: "history".into() });
    request
}

/// Opens a ticket that nobody answers, on a Monday at nine, years ago.
async fn opened_long_ago(app: &App, tenant: &str) -> Answer {
    let open: Open = serde_json::from_value(json!({"subject": "x", "description": "y"})).unwrap();
    let request = asking(tenant, "2020-01-06T09:00:00Z");
    app.service.executor().execute(&request, &Target::New, &open.into()).await.unwrap()
}

/// Has it in the log that a warning was raised for it.
async fn warned(app: &App, ticket: &Answer) {
    let tenant = TenantId::of_key("desk");
    let warned = SlaWarned {
        metric: Metric::FirstResponse,
        instance: 1,
        generation: 1,
        policy: "medium".into(),
        warning_at: at("2020-01-06T12:12:00Z"),
        due_at: Some(at("2020-01-06T13:00:00Z")),
        raised_at: at("2020-01-06T12:12:00Z"),
    };
    let log = app.service.log();
    let loaded = log.load::<Ticket>(tenant, &ticket.id).await.unwrap();
    let metadata: String =
        sqlx::query_scalar("SELECT metadata::text FROM events WHERE aggregate_id = $1 AND sequence = 1")
            .bind(&ticket.id)
            .fetch_one(&app.owner)
            .await
            .unwrap();
    let store = Store::<Ticket>::new(log.clone(), tenant, Arc::new(RandomIds));
    let circumstances = Circumstances::default();
    store.append(&ticket.id, &loaded, &[warned.into()], metadata.into(), circumstances).await.unwrap();
}

/// A quarter of an hour for everything.
fn strict() -> Value {
    json!({"policies": [{"key": "strict", "name": "Strict", "first_response": 15}]})
}

fn total(report: &Value) -> [i64; 3] {
    ["warnings", "breaches", "escalations"].map(|name| report["total"][name].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_stands_beside_what_is_configured_and_what_happened() {
    let app = App::start().await;
    app.tenant("other", "platform").await;
    opened_long_ago(&app, "other").await;
    let ticket = opened_long_ago(&app, "desk").await;
    warned(&app, &ticket).await;
    let before = app.count(EVENTS).await;
    let manager = app.manager();
    let asked = json!({"draft": strict(), "from": "2020-01-06T00:00:00Z", "to": "2020-01-07T00:00:00Z"});
    let answer = manager.post(PATH, asked.clone()).await.expect(200);
    assert_eq!(answer.header("docket-position"), before.to_string());
    let Value::Object(told) = &answer.body else { panic!("{:#}", answer.body) };
    assert_eq!((&told["tickets"], &told["events"]), (&json!(1), &json!(2)));
    let [happened, configured, draft] = ["happened", "configured", "draft"].map(|name| &told[name]);
    assert_eq!((total(happened), total(configured), total(draft)), ([1, 0, 0], [1, 1, 1], [0, 1, 0]));
    assert_eq!(draft["by_priority"]["3"], json!({"warnings": 0, "breaches": 1, "escalations": 0}));
    assert_eq!((&draft["by_hour"]["9"], &draft["by_team"][""]), (&draft["total"], &draft["total"]));
    assert_eq!(draft["by_metric"]["first_response"], draft["total"]);
    assert_eq!(configured["outcomes"]["first_response"]["running"], 1);
    assert_eq!(draft["affected_tickets"], 1);
    let raised = json!({"number": "TKT-00000001", "raised":
        [{"at": "2020-01-06T09:15:00Z", "metric": "first_response", "kind": "breach"}]});
    assert_eq!(draft["affected"], json!([raised]));
    // Nothing is written, not even under a key.
    assert_eq!(app.count(EVENTS).await, before);
    assert_eq!(app.count("SELECT count(*) FROM idempotency_keys").await, 0);

    // A draft is a change of what the tenant has; what was configured when it happened stays told.
    manager.patch("/v1/sla", strict()).await.expect(200);
    let mut again = asked;
    again["draft"] = json!({});
    again["tickets"] = json!(false);
    let again = manager.post(PATH, again).await.expect(200).body;
    assert_eq!((total(&again["configured"]), total(&again["draft"])), ([1, 1, 1], [0, 1, 0]));
    assert_eq!((&again["draft"]["affected_tickets"], &again["draft"]["affected"]), (&json!(1), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_up_to_now_is_told_if_no_period_is() {
    let app = App::start().await;
    opened_long_ago(&app, "desk").await;
    let manager = app.manager();
    manager.patch("/v1/sla/policies/medium", json!({"resolution": 60, "escalation": []})).await.expect(200);
    let told = manager.post(PATH, json!({"draft": strict()})).await.expect(200).body;
    // Both promises of the start were long broken when the policy changed, and the new one as well.
    assert_eq!(told["configured"]["by_metric"]["resolution"]["breaches"], 2);
    assert_eq!(told["configured"]["by_metric"]["first_response"]["breaches"], 1);
    assert_eq!(total(&told["draft"]), [0, 1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_cannot_be_taken_is_refused_with_every_fault() {
    let app = App::start().await;
    let manager = app.manager();
    let draft = json!({"auto_close_days": 0, "policies": [{"key": "a", "name": "A", "resolution": -1}]});
    let asked = json!({"draft": draft, "from": "2021-01-01T00:00:00Z", "to": "2020-01-01T00:00:00Z"});
    let refused = manager.post(PATH, asked).await.problem(422, "validation_failed");
    let errors = [
        ("/draft/auto_close_days", "invalid"),
        ("/draft/policies/0/resolution", "out_of_range"),
        ("/from", "out_of_range"),
    ];
    assert_eq!(refused.errors(), errors);
    for (body, code, error) in [
        (json!({}), "validation_failed", ("/draft", "required")),
        (json!({"draft": []}), "validation_failed", ("/draft", "wrong_type")),
        (json!({"draft": {"colour": 1}}), "unknown_field", ("/draft/colour", "unknown_field")),
        (json!({"draft": {}, "until": 1}), "unknown_field", ("/until", "unknown_field")),
        (json!({"draft": {}, "to": "tomorrow"}), "validation_failed", ("/to", "invalid")),
    ] {
        assert_eq!(manager.post(PATH, body).await.problem(422, code).errors(), [error]);
    }
    app.client("support_lead", "lena").post(PATH, json!({"draft": {}})).await.problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_tickets_than_memory_is_there_for_are_refused() {
    let app = App::start().await;
    for _ in 0..3 {
        opened_long_ago(&app, "desk").await;
    }
    let trial = |most| {
        let period = Period { from: DateTime::UNIX_EPOCH, to: at("2021-01-01T00:00:00Z") };
        let detail = Detail { tickets: 1, clocks: false };
        Trial { draft: Rules::starting().clone(), period, detail, most }
    };
    let (reader, tenant) = (app.service.log().reader(), TenantId::of_key("desk"));
    let told = replay(&reader, tenant, trial(3)).await.unwrap().compared;
    assert_eq!((told.tickets, told.draft.affected_tickets, told.draft.affected.len()), (3, 3, 1));
    assert!(matches!(replay(&reader, tenant, trial(2)).await, Err(ReplayError::TooMany(2))));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_tried_at_a_time() {
    let app = App::start().await;
    // Whoever has the turn waits for the log, and the next one for them; a third of one user's is refused at once.
    let mut locked = app.owner.begin().await.unwrap();
    sqlx::query("LOCK TABLE events IN ACCESS EXCLUSIVE MODE").execute(&mut *locked).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let manager = app.manager();
        tasks.spawn(async move { manager.post(PATH, json!({"draft": {}})).await });
    }
    let third = tasks.join_next().await.unwrap().unwrap().problem(429, "rate_limited");
    assert!(!third.header("retry-after").is_empty());
    locked.rollback().await.unwrap();
    for _ in 0..2 {
        tasks.join_next().await.unwrap().unwrap().expect(200);
    }
    app.manager().post(PATH, json!({"draft": {}})).await.expect(200);
}
