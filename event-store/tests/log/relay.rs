//! From the log to the stream, whatever happens to the stream.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::{self, stream::Stream};
use domain::ids::Position;
use domain::ticket::upcast::Upcasters;
use event_store::EventLog;
use event_store::relay::{self, Relay, RelayOptions, RelayStatus};
use event_store::subjects;
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cell::{Cell, append, appended, fill, id, until};

/// A message as far as the tests look at it.
pub(crate) struct Stored {
    pub(crate) position: i64,
    epoch: i64,
    event_id: String,
    pub(crate) message: jetstream::message::StreamMessage,
}

impl Cell {
    pub(crate) async fn relay(&self, instance: &str, log: &EventLog) -> (JoinHandle<()>, CancellationToken) {
        self.relay_with(instance, log, Upcasters::default()).await
    }

    pub(crate) async fn relay_with(
        &self,
        instance: &str,
        log: &EventLog,
        upcasters: Upcasters,
    ) -> (JoinHandle<()>, CancellationToken) {
        let pool = self.pool_as("docket_command").await;
        let mut options = RelayOptions::new(pool, self.nats().await, &self.name, instance, log.head());
        options.upcasters = upcasters;
        options.lease = Duration::from_millis(1500);
        let shutdown = self.shutdown.child_token();
        (tokio::spawn(Relay::run(options, shutdown.clone())), shutdown)
    }

    pub(crate) async fn status(&self) -> RelayStatus {
        relay::status(&self.pool, &self.name).await.expect("the state").expect("a relay")
    }

    pub(crate) async fn stream(&self) -> Option<Stream> {
        let context = jetstream::new(self.nats().await);
        context.get_stream(subjects::stream(&self.name)).await.ok()
    }

    /// Everything in the stream, in its order.
    pub(crate) async fn stored(&self) -> Vec<Stored> {
        let Some(stream) = self.stream().await else { return Vec::new() };
        let state = &stream.cached_info().state;
        let mut stored = Vec::new();
        for sequence in state.first_sequence.max(1)..=state.last_sequence {
            let Ok(message) = stream.get_raw_message(sequence).await else { continue };
            let header = |name: &str| message.headers.get(name).map_or("", |value| value.as_str()).to_owned();
            stored.push(Stored {
                position: header("docket-position").parse().unwrap_or(0),
                epoch: header("docket-epoch").parse().unwrap_or(0),
                event_id: header("Nats-Msg-Id"),
                message,
            });
        }
        stored
    }

    /// Waits until the stream has every event of the log.
    pub(crate) async fn relayed(&self) {
        until("the stream has the whole log", || async {
            let head = self.reader.head().await.expect("the head");
            // Reading it all takes its time: not before it can be all.
            let stream = self.stream().await;
            if stream.is_none_or(|stream| stream.cached_info().state.messages < head.0 as u64) {
                return false;
            }
            let stored: BTreeSet<i64> = self.stored().await.iter().map(|stored| stored.position).collect();
            (1..=head.0).all(|position| stored.contains(&position))
        })
        .await;
        let epoch = self.status().await.epoch;
        self.began.get_or_init(|| epoch);
    }

    /// How often the stream was made, counted from when it was first seen whole.
    async fn epoch(&self) -> i64 {
        self.since_it_began(self.status().await.epoch)
    }

    fn since_it_began(&self, epoch: i64) -> i64 {
        epoch - self.began.get().copied().unwrap_or(epoch) + 1
    }

    /// The stream is the log: each event once, in order, in the same epoch, counted from the first.
    async fn stream_is_the_log(&self) -> i64 {
        self.relayed().await;
        let (stored, events) = (self.stored().await, self.events().await);
        assert_eq!(stored.len(), events.len());
        let epoch = stored.first().map_or(0, |stored| stored.epoch);
        for (stored, event) in stored.iter().zip(&events) {
            assert_eq!(stored.position, event.position.0);
            assert_eq!(stored.event_id, event.event_id.to_string());
            assert_eq!(stored.epoch, epoch);
            assert_eq!(stored.message.payload, event.payload.as_bytes());
        }
        self.since_it_began(epoch)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_gets_each_event_once_in_order() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    fill(&log, 50).await;
    cell.relay("a", &log).await;
    fill(&log, 700).await;
    assert_eq!(cell.stream_is_the_log().await, 1);
    let stored = cell.stored().await;
    let (event, first) = (&cell.events().await[0], &stored[0].message);
    assert_eq!(first.subject.as_str(), subjects::of_event(&cell.name, event));
    for (name, value) in [
        ("ce-specversion", "1.0".to_owned()),
        ("ce-id", event.event_id.to_string()),
        ("ce-source", format!("/docket/{}", cell.name)),
        ("ce-type", "TagAdded".to_owned()),
        ("ce-subject", event.aggregate_id.clone()),
        ("ce-time", "2026-01-01T00:00:00.000000Z".to_owned()),
        ("ce-datacontenttype", "application/json".to_owned()),
        ("content-type", "application/json".to_owned()),
        ("docket-tenant", event.tenant_id.to_string()),
        ("docket-aggregate-type", "ticket".to_owned()),
        ("docket-sequence", "1".to_owned()),
        ("docket-event-version", "1".to_owned()),
        ("ce-dataschema", "urn:docket:schema:TagAdded:1".to_owned()),
        ("docket-command-id", event.command_id.to_string()),
        ("docket-metadata", event.metadata.clone()),
    ] {
        assert_eq!(first.headers.get(name).expect(name).as_str(), value);
    }
    until("the position is recorded", || async { cell.status().await.position == 750 }).await;
    assert_eq!(cell.status().await.leader.as_deref(), Some("a"));
    cell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_relay_goes_on_where_the_stream_ends() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    for round in 1..=3 {
        let (relay, stop) = cell.relay(&format!("instance {round}"), &log).await;
        fill(&log, 40).await;
        cell.relayed().await;
        stop.cancel();
        relay.await.expect("stopped");
        fill(&log, 10).await;
    }
    // One that is cut off without a word, and another that comes after its lease.
    let (relay, _stop) = cell.relay("cut off", &log).await;
    crate::cell::until("it leads", || async { cell.status().await.term == 4 }).await;
    fill(&log, 500).await;
    relay.abort();
    cell.relay("last", &log).await;
    assert_eq!(cell.stream_is_the_log().await, 1);
    assert_eq!(cell.status().await.term, 5);
    cell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_deleted_is_built_anew() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    cell.relay("a", &log).await;
    fill(&log, 100).await;
    cell.relayed().await;
    let context = jetstream::new(cell.nats().await);
    context.delete_stream(subjects::stream(&cell.name)).await.expect("deleted");
    fill(&log, 1).await;
    assert_eq!(cell.stream_is_the_log().await, 2);
    cell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_purged_is_built_anew_by_the_next_leader() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let (relay, stop) = cell.relay("a", &log).await;
    fill(&log, 100).await;
    cell.relayed().await;
    until("the position is recorded", || async { cell.status().await.position == 100 }).await;
    stop.cancel();
    relay.await.expect("stopped");
    cell.stream().await.expect("a stream").purge().await.expect("purged");
    cell.relay("b", &log).await;
    assert_eq!(cell.stream_is_the_log().await, 2);
    cell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_lost_its_end_is_built_anew() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let (relay, stop) = cell.relay("a", &log).await;
    fill(&log, 100).await;
    cell.relayed().await;
    stop.cancel();
    relay.await.expect("stopped");
    let stream = cell.stream().await.expect("a stream");
    for sequence in 91..=100 {
        stream.delete_message(sequence).await.expect("deleted");
    }
    cell.relay("b", &log).await;
    fill(&log, 5).await;
    assert_eq!(cell.stream_is_the_log().await, 2);
    cell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_another_log_is_built_anew() {
    let cell = Cell::new().await;
    let other = Cell::new().await;
    let log = cell.log().await;
    let context = jetstream::new(cell.nats().await);
    // Another log's relay published under this cell's name.
    let mut options = RelayOptions::new(
        other.pool.clone(),
        other.nats().await,
        &cell.name,
        "other",
        other.log().await.head(),
    );
    options.lease = Duration::from_millis(1500);
    fill(&other.log().await, 20).await;
    let relay = tokio::spawn(Relay::run(options, other.shutdown.clone()));
    until("the other log is relayed", || async { cell.stored().await.len() == 20 }).await;
    other.shutdown.cancel();
    relay.await.expect("stopped");
    fill(&log, 30).await;
    cell.relay("a", &log).await;
    cell.stream_is_the_log().await;
    drop(context);
    other.end().await;
    cell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_has_the_stream_built_anew() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    cell.relay("a", &log).await;
    fill(&log, 20).await;
    cell.relayed().await;
    relay::reset(&cell.pool, &cell.name).await.expect("asked");
    until("a new epoch begins", || async { cell.epoch().await == 2 }).await;
    assert_eq!(cell.stream_is_the_log().await, 2);
    cell.end().await;
}

/// The headers without those by which the stream would refuse a copy.
pub(crate) fn as_a_copy(headers: &HeaderMap) -> HeaderMap {
    let mut copy = HeaderMap::new();
    for (name, values) in headers.iter() {
        let name: &str = name.as_ref();
        if !name.starts_with("Nats-") {
            for value in values {
                copy.append(name, value.clone());
            }
        }
    }
    copy
}

/// Somebody publishes what was published before, again and out of order, and something else too.
#[tokio::test(flavor = "multi_thread")]
async fn what_others_publish_does_not_hold_up_the_relay() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    cell.relay("a", &log).await;
    fill(&log, 50).await;
    cell.relayed().await;
    let client = cell.nats().await;
    let context = jetstream::new(client.clone());
    let stored = cell.stored().await;
    for place in [30, 29, 30, 2] {
        let headers = as_a_copy(&stored[place].message.headers);
        let (subject, payload) =
            (stored[place].message.subject.clone(), stored[place].message.payload.clone());
        context.publish_with_headers(subject, headers, payload).await.expect("sent").await.expect("stored");
    }
    context
        .publish(format!("docket.{}.events.x.y.z.w", cell.name), "?".into())
        .await
        .expect("sent")
        .await
        .expect("stored");
    fill(&log, 50).await;
    cell.relayed().await;
    assert_eq!(cell.stored().await.len(), 105, "nothing is published twice by the relay");
    assert_eq!(cell.epoch().await, 1);
    cell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_relays_one_leads_and_the_other_takes_over() {
    let cell = Cell::new().await;
    let (here, there) = (cell.log().await, cell.log().await);
    let (first, _stop) = cell.relay("first", &here).await;
    until("the first leads", || async { cell.status_leader().await == Some("first".to_owned()) }).await;
    let (_second, _stop) = cell.relay("second", &there).await;
    // Appended beside the follower: the leader hears of it by a poke.
    fill(&there, 100).await;
    cell.relayed().await;
    assert_eq!(cell.status_leader().await.as_deref(), Some("first"));
    // Gone without releasing its lease, in mid-work.
    fill(&here, 300).await;
    first.abort();
    until("the second leads", || async { cell.status_leader().await == Some("second".to_owned()) }).await;
    fill(&here, 100).await;
    assert_eq!(cell.stream_is_the_log().await, 1);
    cell.end().await;
}

/// A leader that was paused has messages left that it sends on waking. The stream refuses them.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_message_of_a_former_leader_is_refused() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    cell.relay("a", &log).await;
    fill(&log, 20).await;
    cell.relayed().await;
    let stored = cell.stored().await;
    let context = jetstream::new(cell.nats().await);
    // As it was sent then: with its id, its expected sequence, and the same body.
    let late = &stored[10].message;
    let answer = context
        .publish_with_headers(late.subject.clone(), late.headers.clone(), late.payload.clone())
        .await
        .expect("sent")
        .await;
    // Within two minutes by its id, and in any case by the sequence.
    assert!(answer.is_err() || answer.is_ok_and(|ack| ack.duplicate));
    let mut headers = late.headers.clone();
    headers.insert("Nats-Msg-Id", "another");
    let answer = context
        .publish_with_headers(late.subject.clone(), headers, late.payload.clone())
        .await
        .expect("sent")
        .await;
    assert!(answer.is_err(), "refused with 10071");
    fill(&log, 20).await;
    assert_eq!(cell.stream_is_the_log().await, 1);
    cell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_larger_than_nats_takes_does_not_stop_the_relay() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    cell.relay("a", &log).await;
    let mut large = append(&id(), 0);
    large.events[0].payload = format!(r#"{{"tag":"{}"}}"#, "x".repeat(2 << 20));
    appended(&log.append(large).await.expect("appended"));
    fill(&log, 3).await;
    cell.relayed().await;
    let stored = cell.stored().await;
    assert!(stored[0].message.payload.is_empty());
    assert_eq!(stored.len(), 4);
    let events = cell.reader.read(Position::START, 1).await.expect("the log");
    assert_eq!(events[0].event_id.to_string(), stored[0].event_id);
    cell.end().await;
}

impl Cell {
    async fn status_leader(&self) -> Option<String> {
        relay::status(&self.pool, &self.name).await.expect("the state").and_then(|status| status.leader)
    }
}

/// The first relay runs in a process of its own, which is paused in mid-work. Another takes over; the
/// first is fenced on waking, and nothing is missing or doubled.
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_leader_is_replaced_and_fenced() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let mut first = Command::new(std::env::current_exe().expect("this program"))
        .args(["relay::a_relay_in_a_process_of_its_own", "--exact"])
        .env("DOCKET_TEST_RELAY", &cell.name)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("a process");
    let pid = first.id().expect("a process id").to_string();
    let signal = async |signal: &str| {
        let sent = Command::new("kill").args([signal, &pid]).status().await.expect("kill");
        assert!(sent.success());
    };
    until("the first leads", || async { cell.status_leader().await.as_deref() == Some("first") }).await;
    fill(&log, 10).await;
    cell.relayed().await;
    cell.relay("second", &log).await;
    for round in 1..=2 {
        fill(&log, 300).await;
        signal("-STOP").await;
        fill(&log, 100).await;
        until("the second leads", || async { cell.status_leader().await.as_deref() == Some("second") }).await;
        cell.relayed().await;
        signal("-CONT").await;
        fill(&log, 300).await;
        assert_eq!(cell.stream_is_the_log().await, 1, "round {round}");
    }
    assert_eq!(cell.status_leader().await.as_deref(), Some("second"));
    first.kill().await.expect("killed");
    cell.end().await;
}

/// Not a test by itself: what the one above runs.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_in_a_process_of_its_own() {
    let Ok(name) = std::env::var("DOCKET_TEST_RELAY") else { return };
    let pool = Cell::pool_of(&name).await;
    let (_advance, wake) = tokio::sync::watch::channel(Position::START);
    let mut options = RelayOptions::new(pool, crate::cell::nats().await, name, "first", wake);
    options.lease = Duration::from_millis(1500);
    options.poll = Duration::from_millis(20);
    Relay::run(options, CancellationToken::new()).await;
}
