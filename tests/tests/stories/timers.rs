//! What time makes happen: each warning and each breach once, none missing, none early, whatever the
//! machines and their clocks do.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use docket_tests::{Desk, Docket, Place, SetClock, eventually, signal};
use domain::ids::TicketId;
use domain::sla::clock::SlaState;
use domain::sla::commands::{ChangePolicy, ChangeSla};
use domain::sla::{Sla, SlaCommand};
use domain::ticket::commands::{ChangePriority, ChangeStatus, Close, Reply, Resolve};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::log::{assert_read_models_equal_the_log, assert_stream_equals_the_log};

/// An event that was raised.
#[derive(Debug, PartialEq)]
struct Raised {
    ticket: String,
    event: String,
    metric: String,
    due_at: DateTime<Utc>,
    at: DateTime<Utc>,
}

/// A cell with its read models, and a desk.
struct Office {
    place: Place,
    clock: Arc<SetClock>,
    desk: Desk,
    shutdown: CancellationToken,
    projections: projection_service::Runtime,
}

fn at(time: &str) -> DateTime<Utc> {
    format!("{time}Z").parse().expect("a time")
}

impl Office {
    /// A Monday morning, without timers.
    async fn on_a_monday() -> Self {
        let (place, clock) = (Place::new().await, SetClock::at(at("2024-02-05T09:00:00")));
        let shutdown = CancellationToken::new();
        let projections = place.projections(&shutdown);
        let desk = Desk::new(place.commands(clock.clone(), None, &shutdown).await).await;
        Self { place, clock, desk, shutdown, projections }
    }

    /// Lets a process raise what is due until the returned token ends.
    async fn timers(&self, instance: &str) -> CancellationToken {
        let until = self.shutdown.child_token();
        self.place.commands(self.clock.clone(), Some(instance), &until).await;
        until
    }

    /// Sixty tickets, one each minute, all of them overdue in the evening.
    async fn opened_over_an_hour(&self) -> Vec<String> {
        let mut tickets = Vec::new();
        for minute in 0..60 {
            self.clock.set(at("2024-02-05T09:00:00") + TimeDelta::minutes(minute));
            tickets.push(self.desk.open("Down", "critical").await.to_string());
        }
        self.clock.set(at("2024-02-05T17:00:00"));
        tickets
    }

    async fn raised(&self) -> Vec<Raised> {
        raised(&self.place.pool).await
    }

    /// Waits until so many were raised; gives them.
    async fn until_raised(&self, count: usize) -> Vec<Raised> {
        until_raised(&self.place.pool, count).await
    }

    /// Looks once more at everything: a ticket that is surely due is raised, and so is whatever else the
    /// timers would wrongly raise in the same round or before.
    async fn look_again(&self) {
        let before = self.raised().await.len();
        let raised = self.round().await;
        assert_eq!(raised.len(), before + 4, "nothing but the one that is due: {raised:#?}");
    }

    /// Waits until the timers have looked at everything once more.
    async fn round(&self) -> Vec<Raised> {
        let now = domain::time::Clock::now(&*self.clock);
        self.clock.set(now - TimeDelta::days(7));
        let sentinel = self.desk.open("Long ago", "critical").await;
        self.clock.set(now);
        eventually("the one that is due is raised", || async {
            let raised = self.raised().await;
            let mine = raised.iter().filter(|one| one.ticket == sentinel.to_string()).count();
            (mine >= 4).then_some(raised)
        })
        .await
    }

    async fn end(self) {
        let differences = projection_service::verify(&self.place.pool).await.expect("a comparison");
        assert!(differences.is_empty(), "{differences:#?}");
        self.shutdown.cancel();
        self.desk.service.stopped().await;
        self.projections.stopped().await;
    }
}

async fn raised(pool: &sqlx::PgPool) -> Vec<Raised> {
    let rows: Vec<(String, String, Value)> = sqlx::query_as(
        "SELECT aggregate_id, event_type, payload::jsonb FROM events \
         WHERE event_type IN ('SlaWarned', 'SlaBreached') ORDER BY position",
    )
    .fetch_all(pool)
    .await
    .expect("the log");
    let read = |(ticket, event, payload): (String, String, Value)| {
        let due = if event == "SlaWarned" { "warning_at" } else { "due_at" };
        let time = |name: &str| payload[name].as_str().expect("a time").parse().expect("a time");
        let metric = payload["metric"].as_str().expect("a metric").to_owned();
        Raised { ticket, event, metric, due_at: time(due), at: time("raised_at") }
    };
    rows.into_iter().map(read).collect()
}

async fn until_raised(pool: &sqlx::PgPool, count: usize) -> Vec<Raised> {
    eventually("everything is raised", || async {
        let raised = raised(pool).await;
        (raised.len() >= count).then_some(raised)
    })
    .await
}

fn change(patch: Value) -> SlaCommand {
    let Value::Object(patch) = patch else { panic!("an object") };
    ChangeSla { patch }.into()
}

/// Each once, and none before its time.
fn assert_once_and_not_early(raised: &[Raised]) {
    for (index, one) in raised.iter().enumerate() {
        assert!(one.at > one.due_at, "early: {one:?}");
        let same = |other: &&Raised| {
            (&other.ticket, &other.event, &other.metric) == (&one.ticket, &one.event, &one.metric)
        };
        assert_eq!(raised[index..].iter().filter(same).count(), 1, "twice: {one:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_and_a_breach_come_at_their_time_and_never_again() {
    let office = Office::on_a_monday().await;
    let ticket = office.desk.open("Down", "critical").await.to_string();
    office.timers("one").await;
    // 15 minutes to answer, warned of after three quarters: not yet at that very instant.
    office.clock.set(at("2024-02-05T09:11:15"));
    office.look_again().await;
    office.clock.set(at("2024-02-05T09:11:15.000001"));
    let raised = office.until_raised(5).await;
    let warned = &raised[4];
    assert_eq!((warned.ticket.as_str(), warned.event.as_str()), (ticket.as_str(), "SlaWarned"));
    assert_eq!(warned.due_at, at("2024-02-05T09:11:15"));
    // The clock steps back an hour, and comes again.
    for time in ["2024-02-05T08:11:20", "2024-02-05T09:11:20", "2024-02-05T09:14:59"] {
        office.clock.set(at(time));
        office.look_again().await;
    }
    office.clock.set(at("2024-02-05T09:15:30"));
    eventually("the response is overdue", || async {
        let raised = office.raised().await;
        raised.iter().any(|one| one.ticket == ticket && one.event == "SlaBreached").then_some(())
    })
    .await;
    office.look_again().await;
    assert_once_and_not_early(&office.raised().await);
    let state = "SELECT count(*) FROM sla_v2.standings WHERE state = 'response_breached'";
    eventually("it stands as overdue", || async { (office.place.number(state).await >= 1).then_some(()) })
        .await;
    office.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_runs_ahead_raises_nothing_early() {
    let office = Office::on_a_monday().await;
    let now: DateTime<Utc> =
        sqlx::query_scalar("SELECT now()").fetch_one(&office.place.pool).await.expect("the time");
    // Around the clock, so that the day doesn't matter.
    let around = change(json!({"policies": [
        {"key": "all", "name": "All", "first_response": 60, "resolution": 120, "warning": {"percent": 50}},
    ]}));
    office.desk.configure(around.decide(&Sla::default()).expect("a configuration")).await;
    office.clock.set(now);
    let ticket = office.desk.open("Not yet", "low").await.to_string();
    office.timers("one").await;
    office.clock.set(now + TimeDelta::days(1));
    office.look_again().await;
    assert!(office.raised().await.iter().all(|one| one.ticket != ticket));
    office.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_lead_at_once_raise_each_once() {
    let office = Office::on_a_monday().await;
    office.opened_over_an_hour().await;
    // Under one name they take each other for themselves, and both do the work.
    office.timers("one").await;
    office.timers("one").await;
    office.until_raised(4 * 60).await;
    office.look_again().await;
    assert_eq!(office.raised().await.len(), 4 * 60 + 4);
    assert_once_and_not_early(&office.raised().await);
    office.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fell_due_while_nothing_ran_is_raised_in_its_order() {
    let office = Office::on_a_monday().await;
    let tickets = office.opened_over_an_hour().await;
    office.timers("one").await;
    let raised = office.until_raised(4 * 60).await;
    let mut tickets_seen: Vec<&str> = Vec::new();
    for one in &raised {
        if tickets_seen.last() != Some(&one.ticket.as_str()) {
            tickets_seen.push(&one.ticket);
        }
    }
    assert_eq!(tickets_seen, tickets, "what fell due first is raised first");
    office.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_or_waits_is_not_raised_and_what_was_missed_meanwhile_is() {
    let office = Office::on_a_monday().await;
    let open = async |subject| office.desk.open(subject, "critical").await;
    let (answered, waiting, late, raised_later) =
        (open("a").await, open("b").await, open("c").await, open("d").await);
    let reply = |status: Option<&str>| Reply {
        body: "Seen.".to_owned().into(),
        status: status.map(str::to_owned),
        ..Reply::default()
    };
    office.clock.set(at("2024-02-05T09:05:00"));
    office.desk.does(answered, reply(None)).await;
    office.desk.does(answered, Resolve::default()).await;
    office.desk.does(waiting, ChangeStatus { status: "waiting_customer".into(), reason: None }).await;
    // While nobody raises anything: answered and resolved too late; and less urgent after it was due.
    office.clock.set(at("2024-02-05T12:00:00"));
    office.desk.does(late, reply(None)).await;
    office.desk.does(late, Resolve::default()).await;
    let lower = ChangePriority { priority: "low".into(), reason: None };
    office.desk.does(raised_later, lower).await;
    office.timers("one").await;
    let raised = office.until_raised(8).await;
    office.look_again().await;
    assert_once_and_not_early(&raised);
    let of = |ticket: TicketId| {
        let ticket = ticket.to_string();
        let mine = raised.iter().filter(|one| one.ticket == ticket);
        mine.map(|one| format!("{} {}", one.event, one.metric)).collect::<Vec<_>>()
    };
    let all = [
        "SlaWarned first_response",
        "SlaBreached first_response",
        "SlaWarned resolution",
        "SlaBreached resolution",
    ];
    assert_eq!(of(answered), [""; 0]);
    assert_eq!(of(waiting), [""; 0]);
    assert_eq!(of(late), all);
    assert_eq!(of(raised_later), all, "under the promise that held when it fell due");
    let state = |ticket: TicketId| {
        format!("SELECT count(*) FROM sla_v2.standings WHERE ticket_id = '{ticket}' AND state = ")
    };
    for (ticket, expected) in [
        (answered, SlaState::Met),
        (waiting, SlaState::Paused),
        (late, SlaState::Missed),
        (raised_later, SlaState::OnTrack),
    ] {
        let sql = format!("{}'{}'", state(ticket), expected.as_str());
        eventually(expected.as_str(), || async { (office.place.number(&sql).await == 1).then_some(()) })
            .await;
    }
    office.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn escalations_act_once_and_resolved_tickets_close() {
    let office = Office::on_a_monday().await;
    let ladder = json!([
        {"after": {"breach": "first_response"}, "to": {"role": "support_lead"}, "raise_priority": true},
        {"after": {"percent_used": ["resolution", 200]}, "to": {"team": "night"}, "reassign": true},
        {"after": {"open_hours": 30}, "to": {"agent": "lena"}, "reassign": true},
    ]);
    let mut sla = Sla::default();
    for command in [
        ChangePolicy::read(
            "low".into(),
            json!({"first_response": 60, "escalation": ladder}).as_object().expect("one").clone(),
        )
        .expect("a patch")
        .into(),
        change(json!({"auto_close_days": 2})),
    ] {
        let events = command.decide(&sla).expect("a change");
        for event in &events {
            sla.apply(event.clone());
        }
        office.desk.configure(events).await;
    }
    let ticket = office.desk.open("Slow", "low").await;
    let done = office.desk.open("Done", "high").await;
    office.desk.does(done, Resolve::default()).await;
    office.timers("one").await;
    let events = async |ticket: TicketId| -> Vec<(String, Value)> {
        sqlx::query_as(
            "SELECT event_type, payload::jsonb FROM events WHERE aggregate_id = $1 ORDER BY sequence",
        )
        .bind(ticket.to_string())
        .fetch_all(&office.place.pool)
        .await
        .expect("the log")
    };
    let until = async |ticket: TicketId, kind: &str, count: usize| {
        eventually(kind, || async {
            let events = events(ticket).await;
            (events.iter().filter(|(name, _)| name == kind).count() >= count).then_some(events)
        })
        .await
    };
    // An hour without an answer: to the lead, and more urgent. From then on another policy holds, whose
    // first step is due at its own breach.
    office.clock.set(at("2024-02-05T10:00:01"));
    let told = until(ticket, "PriorityChanged", 1).await;
    let escalated = &told.iter().find(|(name, _)| name == "TicketEscalated").expect("an escalation").1;
    assert_eq!((escalated["to_role"].as_str(), escalated["level"].as_i64()), (Some("support_lead"), Some(1)));
    assert_eq!(escalated["rule"]["policy"], "low");
    let raised = &told.iter().find(|(name, _)| name == "PriorityChanged").expect("a priority").1;
    assert_eq!((raised["from"].as_str(), raised["to"].as_str()), (Some("low"), Some("medium")));
    // Two days later the resolved one closes by itself; one that is closed already doesn't again.
    office.clock.set(at("2024-02-07T09:00:01"));
    let closed = until(done, "TicketClosed", 1).await;
    assert_eq!(closed.last().expect("an event").1["reason"], "resolved for 2 days");
    office.clock.set(at("2024-02-12T09:00:01"));
    // A step that raises the priority leads to another promise, and that to another step.
    for _ in 0..3 {
        office.round().await;
    }
    let again = events(ticket).await;
    let steps: Vec<String> = again
        .iter()
        .filter(|(name, _)| name == "TicketEscalated")
        .map(|(_, payload)| format!("{}:{}", payload["rule"]["policy"], payload["rule"]["step"]))
        .collect();
    let mut once = steps.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), steps.len(), "each step once: {steps:?}");
    assert!(steps.len() >= 3, "{steps:?}");
    let repeated = office.desk.does(done, Close::default()).await;
    assert_eq!(events(done).await.len() as i64, repeated.version.0);
    office.end().await;
}

/// Opens tickets in the past of a real cell: they are due at once.
async fn overdue(docket: &Docket, count: usize) {
    let place =
        Place::of(docket.status()["postgres"]["url"].as_str().expect("a url").parse().expect("a url"));
    let shutdown = CancellationToken::new();
    let clock = SetClock::at(at("2024-02-05T09:00:00"));
    let desk = Desk::new(place.commands(clock, None, &shutdown).await).await;
    for _ in 0..count {
        desk.open("Long ago", "critical").await;
    }
    shutdown.cancel();
    desk.service.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_due_and_raised_each_is_raised_once() {
    let mut docket = Docket::up().await;
    overdue(&docket, 150).await;
    let pool = docket.postgres().await;
    eventually("some are raised", || async { (!raised(&pool).await.is_empty()).then_some(()) }).await;
    drop(pool);
    docket.kill().await;
    docket.up_again().await;
    overdue(&docket, 150).await;
    let pool = docket.postgres().await;
    let raised = until_raised(&pool, 4 * 300).await;
    assert_eq!(raised.len(), 4 * 300);
    assert_once_and_not_early(&raised);
    assert_stream_equals_the_log(&docket).await;
    assert_read_models_equal_the_log(&docket).await;
    assert_eq!(self::raised(&pool).await.len(), 4 * 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_nats_what_is_due_is_raised_all_the_same() {
    let docket = Docket::up().await;
    let nats = docket.status()["nats"]["pid"].as_u64().expect("a pid") as u32;
    signal(nats, "STOP");
    overdue(&docket, 20).await;
    let raised = until_raised(&docket.postgres().await, 4 * 20).await;
    signal(nats, "CONT");
    assert_eq!(raised.len(), 4 * 20);
    assert_once_and_not_early(&raised);
    assert_stream_equals_the_log(&docket).await;
    assert_read_models_equal_the_log(&docket).await;
}
