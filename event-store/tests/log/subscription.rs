//! Following the log, whatever happens to the stream.

use std::process::Stdio;
use std::time::Duration;

use async_nats::jetstream;
use domain::ids::Position;
use event_store::subjects;
use event_store::subscription::{Subscription, SubscriptionOptions};
use event_store::{EventLog, RecordedEvent};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cell::{Cell, append, appended, fill, id, until};
use crate::relay::as_a_copy;

/// A subscriber that writes down what it gets.
pub(crate) struct Follower {
    seen: watch::Receiver<Vec<RecordedEvent>>,
    task: JoinHandle<()>,
}

impl Follower {
    pub(crate) fn start(options: SubscriptionOptions) -> Self {
        let (tell, seen) = watch::channel(Vec::new());
        let task = tokio::spawn(async move {
            let mut subscription = Subscription::new(options);
            loop {
                let batch = subscription.next().await.expect("events");
                tell.send_modify(|seen: &mut Vec<RecordedEvent>| seen.extend(batch.iter().cloned()));
            }
        });
        Self { seen, task }
    }

    /// Waits until it has everything, and checks that it has each event once, in order.
    pub(crate) async fn has(&self, cell: &Cell) {
        let events = cell.events().await;
        until("the subscriber has the whole log", || async {
            assert!(!self.task.is_finished());
            self.seen.borrow().len() >= events.len()
        })
        .await;
        let seen = self.seen.borrow();
        assert_eq!(seen.len(), events.len());
        for (seen, event) in seen.iter().zip(&events) {
            assert_eq!(seen, event);
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Cell {
    pub(crate) async fn live(&self) -> SubscriptionOptions {
        let mut options = SubscriptionOptions::new(self.reader.clone(), &self.name, Position::START);
        options.client = Some(self.nats().await);
        options
    }

    async fn live_and_woken(&self, log: &EventLog) -> SubscriptionOptions {
        SubscriptionOptions { wake: Some(log.head()), ..self.live().await }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_catches_up_and_goes_on_live() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    fill(&log, 2500).await;
    cell.relay("a", &log).await;
    let woken = Follower::start(cell.live_and_woken(&log).await);
    let live = Follower::start(cell.live().await);
    let polling = Follower::start(SubscriptionOptions { client: None, ..cell.live().await });
    for follower in [&woken, &live, &polling] {
        follower.has(&cell).await;
    }
    for _ in 0..5 {
        fill(&log, 100).await;
        for follower in [&woken, &live, &polling] {
            follower.has(&cell).await;
        }
    }
    let mut options = cell.live().await;
    options.after = Position(2990);
    assert_eq!(Subscription::new(options).next().await.expect("events").len(), 10);
    cell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_heals_from_what_is_done_to_the_stream() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let mut options = cell.live().await;
    options.idle = Duration::from_millis(300);
    cell.relay("a", &log).await;
    fill(&log, 50).await;
    cell.relayed().await;
    let live = Follower::start(options);
    let woken = Follower::start(cell.live_and_woken(&log).await);
    let everyone = [&live, &woken];
    for follower in everyone {
        follower.has(&cell).await;
    }

    // Published twice, out of order, and something foreign in between.
    let context = jetstream::new(cell.nats().await);
    for stored in [10, 9, 30, 2].map(|place| cell.stored_at(place)) {
        let message = stored.await;
        let headers = as_a_copy(&message.headers);
        context
            .publish_with_headers(message.subject, headers, message.payload)
            .await
            .expect("sent")
            .await
            .expect("stored");
    }
    let foreign = format!("docket.{}.events.x.y.z.w", cell.name);
    context.publish(foreign, "?".into()).await.expect("sent").await.expect("stored");
    fill(&log, 20).await;
    for follower in everyone {
        follower.has(&cell).await;
    }

    // Single messages deleted, before somebody reads them.
    cell.relayed().await;
    let stream = cell.stream().await.expect("a stream");
    let last = stream.cached_info().state.last_sequence;
    for sequence in [last - 5, last - 3] {
        stream.delete_message(sequence).await.expect("deleted");
    }
    let late = Follower::start(cell.live().await);
    fill(&log, 20).await;
    for follower in [&live, &woken, &late] {
        follower.has(&cell).await;
    }

    stream.purge().await.expect("purged");
    fill(&log, 20).await;
    for follower in [&live, &woken, &late] {
        follower.has(&cell).await;
    }

    context.delete_stream(subjects::stream(&cell.name)).await.expect("deleted");
    fill(&log, 20).await;
    for follower in [&live, &woken, &late] {
        follower.has(&cell).await;
    }
    cell.relayed().await;
    fill(&log, 20).await;
    for follower in [&live, &woken, &late] {
        follower.has(&cell).await;
    }
    cell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nats_cannot_carry_is_read_from_the_log() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    cell.relay("a", &log).await;
    let live = Follower::start(cell.live().await);
    fill(&log, 5).await;
    live.has(&cell).await;
    let mut large = append(&id(), 0);
    large.events[0].payload = format!(r#"{{"tag":"{}"}}"#, "x".repeat(2 << 20));
    appended(&log.append(large).await.expect("appended"));
    fill(&log, 5).await;
    live.has(&cell).await;
    cell.end().await;
}

/// A nats-server of the test's own, to be killed.
struct Nats {
    directory: std::path::PathBuf,
    port: u16,
    child: Child,
}

impl Nats {
    fn start() -> Self {
        let directory = std::env::temp_dir().join(format!("docket-{}", id()));
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port")
            .port();
        let child = Self::spawn(&directory, port);
        Self { directory, port, child }
    }

    fn spawn(directory: &std::path::Path, port: u16) -> Child {
        Command::new("nats-server")
            .args(["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd"])
            .arg(directory)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("nats-server")
    }

    async fn kill(&mut self) {
        self.child.kill().await.expect("killed");
    }

    fn restart(&mut self) {
        self.child = Self::spawn(&self.directory, self.port);
    }

    async fn client(&self) -> async_nats::Client {
        async_nats::ConnectOptions::new()
            .retry_on_initial_connect()
            .connect(format!("127.0.0.1:{}", self.port))
            .await
            .expect("a client")
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nats_killed_emptied_and_back_again_nothing_is_missed() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let mut nats = Nats::start();
    let relay = event_store::relay::RelayOptions::new(
        cell.pool.clone(),
        nats.client().await,
        &cell.name,
        "a",
        log.head(),
    );
    tokio::spawn(event_store::relay::Relay::run(relay, cell.shutdown.clone()));
    let mut options = cell.live().await;
    options.client = Some(nats.client().await);
    let live = Follower::start(options.clone());
    let woken = Follower::start(SubscriptionOptions { wake: Some(log.head()), ..options });
    let relayed = || async {
        let status = event_store::relay::status(&cell.pool, &cell.name).await.expect("the state");
        let head = cell.reader.head().await.expect("the head");
        status.is_some_and(|status| status.position == head.0)
    };
    for round in 0..3 {
        fill(&log, 100).await;
        for follower in [&live, &woken] {
            follower.has(&cell).await;
        }
        until("the relay has caught up", relayed).await;
        nats.kill().await;
        fill(&log, 100).await;
        for follower in [&live, &woken] {
            follower.has(&cell).await;
        }
        if round == 1 {
            std::fs::remove_dir_all(&nats.directory).expect("removed");
        }
        nats.restart();
    }
    fill(&log, 10).await;
    until("the relay has caught up", relayed).await;
    for follower in [&live, &woken] {
        follower.has(&cell).await;
    }
    cell.end().await;
}

impl Cell {
    async fn stored_at(&self, place: usize) -> jetstream::message::StreamMessage {
        self.stored().await.swap_remove(place).message
    }
}
