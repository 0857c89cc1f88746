//! Service levels: what is kept from event to event is what a fold over everything gives, with what was
//! raised meanwhile and under rules that change.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::event::{Event, SLA, TICKET, decode};
use domain::identity::Principal;
use domain::ids::{Position, Version};
use domain::metadata::Metadata;
use domain::sla::clock::Moment;
use domain::sla::commands::{AddPolicy, ChangeCalendar, ChangePolicy, ChangeSla};
use domain::sla::raise::raise;
use domain::sla::watch::Watch;
use domain::sla::{Governing, Sla, SlaCommand};
use domain::tenant::{TenantSettings, profile};
use domain::ticket::upcast::Upcasters;
use domain::ticket::{Context, Ticket, TicketEvent};
use service_kit::clock::RandomIds;
use sqlx::Row;
use uuid::Uuid;

use crate::database::Database;
use crate::story::{Written, history, user};

/// What a fold over all that was written makes of a ticket.
#[derive(Default)]
struct Folded {
    ticket: Ticket,
    watch: Watch,
    sequence: i64,
}

/// A history in the making, folded as it goes.
struct Making {
    settings: TenantSettings,
    actor: Principal,
    sla: Sla,
    governing: Governing,
    tickets: BTreeMap<String, Folded>,
    written: Vec<Written>,
    raised: usize,
}

fn changes() -> Vec<SlaCommand> {
    let body = |json: serde_json::Value| json.as_object().unwrap().clone();
    let patch = |json| ChangeSla { patch: body(json) };
    vec![
        AddPolicy::read(body(serde_json::json!({
            "key": "first", "name": "First", "when": {"tag": ["first"]}, "calendar": "office", "next_reply": 30,
            "first_response": 45, "resolution": 600, "warning": {"minutes_before": 20},
            "escalation": [
                {"after": {"percent_used": ["resolution", 150]}, "to": {"team": "night"}, "reassign": true},
                {"after": {"open_hours": 30}, "to": {"agent": "lena"}, "raise_priority": true},
            ],
        })))
        .unwrap()
        .into(),
        ChangeCalendar {
            key: "office".into(),
            patch: body(serde_json::json!({"time_zone": "Europe/Berlin", "holidays": [{"date": "2025-03-05"}]})),
        }
        .into(),
        ChangePolicy::read("first".into(), body(serde_json::json!({"place": 3}))).unwrap().into(),
        patch(serde_json::json!({"auto_close_days": 1})).into(),
        ChangePolicy::read("medium".into(), body(serde_json::json!({"resolution": 300, "reopen": "anew"})))
            .unwrap()
            .into(),
    ]
}

impl Making {
    fn new() -> Self {
        Self {
            settings: profile("platform").unwrap(),
            actor: Principal::system(user("docket:sla"), domain::ids::TenantId::of_key("one")),
            sla: Sla::default(),
            governing: Governing::default(),
            tickets: BTreeMap::new(),
            written: Vec::new(),
            raised: 0,
        }
    }

    fn moment(&self, at: DateTime<Utc>) -> Moment {
        Moment { at, position: Position(self.written.len() as i64 + 1) }
    }

    /// An event of the story, later than it was told by as much again, over and over.
    fn happens(&mut self, mut event: Written, begin: DateTime<Utc>) -> DateTime<Utc> {
        let mut metadata: Metadata = serde_json::from_str(&event.metadata).unwrap();
        metadata.occurred_at = begin + (metadata.occurred_at - begin) * 8;
        event.metadata = serde_json::to_string(&metadata).unwrap();
        self.ticket(event, metadata.occurred_at);
        metadata.occurred_at
    }

    fn ticket(&mut self, mut event: Written, at: DateTime<Utc>) {
        let read =
            decode(TICKET, &event.event_type, &event.event_version, &event.payload, &Upcasters::default());
        let Ok(Event::Ticket(read)) = read else { panic!() };
        let moment = self.moment(at);
        let folded = self.tickets.entry(event.aggregate_id.clone()).or_default();
        folded.watch.follow(&read, moment, false, self.governing.rules());
        folded.ticket.apply(read);
        folded.sequence += 1;
        event.sequence = folded.sequence;
        self.written.push(event);
    }

    /// Raises what is due for the ticket that something is going to happen to; not always.
    fn raise(&mut self, like: &Written, now: DateTime<Utc>) {
        let Some(folded) = self.tickets.get(&like.aggregate_id) else { return };
        let context =
            Context { now, actor: &self.actor, settings: &self.settings, ids: &RandomIds, number: None };
        let events =
            raise(&folded.ticket, &folded.watch, self.governing.rules(), &context).unwrap_or_default();
        for event in events {
            self.raised += 1;
            let event: TicketEvent = event;
            let written = Written {
                event_type: event.name().to_owned(),
                event_version: event.version().to_owned(),
                payload: event.encode().unwrap(),
                metadata: metadata(&self.actor, now),
                event_id: Uuid::from_u128(u128::from(u64::MAX) + self.raised as u128),
                ..like.clone()
            };
            self.ticket(written, now);
        }
    }

    fn configure(&mut self, command: &SlaCommand, like: &Written, now: DateTime<Utc>) {
        for event in command.decide(&self.sla).unwrap() {
            self.sla.apply(event.clone());
            let moment = self.moment(now);
            let version = Version(self.governing.version().0 + 1);
            self.governing.apply(event.clone(), version);
            for folded in self.tickets.values_mut() {
                folded.watch.follow_rules(moment, self.governing.rules());
            }
            self.written.push(Written {
                aggregate_type: SLA,
                aggregate_id: like.tenant.to_string(),
                sequence: version.0,
                event_type: event.name().to_owned(),
                event_version: event.version().to_owned(),
                payload: event.encode().unwrap(),
                metadata: metadata(&self.actor, now),
                ..like.clone()
            });
        }
    }
}

fn metadata(actor: &Principal, now: DateTime<Utc>) -> String {
    serde_json::json!({"actor": actor.actor(), "occurred_at": now}).to_string()
}

fn made(seed: u64) -> Making {
    let mut making = Making::new();
    let mut changes = changes().into_iter();
    let begin = "2025-03-03T09:00:00Z".parse().unwrap();
    let mut now = begin;
    for (nth, mut event) in history(seed, 2_400, &["one"]).into_iter().enumerate() {
        let mut metadata: Metadata = serde_json::from_str(&event.metadata).unwrap();
        // The story begins on a Saturday.
        metadata.occurred_at += TimeDelta::days(2);
        event.metadata = serde_json::to_string(&metadata).unwrap();
        if nth % 3 > 0 {
            making.raise(&event, now);
        }
        now = making.happens(event.clone(), begin);
        if nth % 400 == 399
            && let Some(change) = changes.next()
        {
            making.configure(&change, &event, now);
        }
    }
    making
}

#[tokio::test(flavor = "multi_thread")]
async fn standings_are_what_a_fold_over_everything_gives_whatever_the_batches() {
    for (seed, batch) in [(71, 2_400), (72, 7)] {
        let database = Database::new().await;
        let making = made(seed);
        assert!(making.raised > 100, "{}", making.raised);
        for part in making.written.chunks(batch * 10) {
            database.append(part).await;
            if batch > 100 {
                database.settle().await;
            }
        }
        database.settle().await;
        database.assert_equal_to_the_log().await;

        let rules = making.governing.rules();
        let rows = sqlx::query("SELECT ticket_id::text, state, due_at, next_at FROM sla_v2.standings")
            .fetch_all(&database.pool)
            .await
            .unwrap();
        assert_eq!(rows.len(), making.tickets.len());
        let never: DateTime<Utc> = "9999-12-31T00:00:00Z".parse().unwrap();
        for row in &rows {
            let id: String = row.get(0);
            let Folded { watch, .. } = &making.tickets[&id];
            let state: Option<String> = row.get("state");
            assert_eq!(
                state.as_deref(),
                watch.clocks().state().map(domain::sla::clock::SlaState::as_str),
                "{id}"
            );
            assert_eq!(
                row.get::<DateTime<Utc>, _>("due_at"),
                watch.clocks().next_due().unwrap_or(never),
                "{id}"
            );
            let next = [watch.keep().next_at(), watch.closes_at(rules)].into_iter().flatten().min();
            assert_eq!(row.get::<Option<DateTime<Utc>>, _>("next_at"), next, "{id}");
        }
        let counting = making.tickets.values().filter(|folded| !folded.watch.clocks().is_void());
        let decided = counting.flat_map(|folded| folded.watch.clocks().clocks());
        let decided = decided.filter(|clock| clock.decided().is_some()).count() as i64;
        assert_eq!(database.number("SELECT count(*) FROM sla_v2.outcomes").await, decided);
        assert!(decided > 100);
        let differs = "SELECT count(*) FROM (SELECT tenant_id, date_trunc('hour', decided_at, 'UTC') AS hour, metric, \
                           count(*) FILTER (WHERE NOT missed) AS met, count(*) FILTER (WHERE missed) AS missed \
                           FROM sla_v2.outcomes GROUP BY 1, 2, 3) AS o \
                       FULL JOIN sla_v2.outcome_hours AS h USING (tenant_id, hour, metric) \
                       WHERE (o.met, o.missed) IS DISTINCT FROM (h.met, h.missed)";
        assert_eq!(database.number(differs).await, 0, "the hours' counts are those of what was decided");
        let differs = "SELECT count(*) FROM (SELECT state, count(*) FROM sla_v2.standings \
                       WHERE state IS NOT NULL GROUP BY state) AS s (state, count) \
                       FULL JOIN sla_v2.state_counts AS c USING (state) WHERE s.count IS DISTINCT FROM c.count";
        assert_eq!(database.number(differs).await, 0);
        let states = "SELECT count(*) FROM sla_v2.state_counts";
        assert!(database.number(states).await >= 5, "the story is rich enough");
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_are_for_the_command_service_and_standings_for_their_tenant() {
    let database = Database::new().await;
    let making = made(73);
    database.append(&making.written).await;
    database.settle().await;
    let command = database.pool_as("docket_command");
    let timers: i64 =
        sqlx::query_scalar("SELECT count(*) FROM read.sla_timers").fetch_one(&command).await.unwrap();
    assert!(timers > 0);
    sqlx::query("SELECT FROM read.sla").fetch_all(&command).await.unwrap_err();
    let mut other = database.reader_of("two").await;
    for view in ["sla", "sla_outcomes", "sla_counts"] {
        let seen: i64 = sqlx::query_scalar(&format!("SELECT count(*) FROM read.{view}"))
            .fetch_one(&mut other)
            .await
            .unwrap();
        assert_eq!(seen, 0, "{view}");
    }
    sqlx::query("SELECT FROM read.sla_timers").fetch_all(&mut other).await.unwrap_err();
    command.close().await;
    database.drop().await;
}
