//! From the commit to a subscriber: how long, at 500 appends a second; and how fast the log is read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::ids::Position;
use event_store::reader::LogReader;
use event_store::relay::{Relay, RelayOptions};
use event_store::subscription::{Subscription, SubscriptionOptions};
use event_store::{EventLog, LogOptions, Outcome};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::ours::append;

const CELL: &str = "bench";

/// How a subscriber is told of what is new.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// By `JetStream`, and by the writer in the same process.
    StreamAndWriter,
    /// By `JetStream` alone, as in a process of its own.
    Stream,
    /// By the writer alone, as with NATS down.
    Writer,
}

/// The median and the 99th percentile.
pub(crate) async fn delay(pool: &PgPool, nats: &str, told: Told, length: Duration) -> (Duration, Duration) {
    let shutdown = CancellationToken::new();
    let log = EventLog::start(pool.clone(), LogOptions::default(), shutdown.clone());
    let client = async_nats::connect(nats).await.expect("NATS");
    let reader = LogReader::new(pool.clone());
    let relay = RelayOptions::new(pool.clone(), client.clone(), CELL, "bench", log.head());
    let relay = tokio::spawn(Relay::run(RelayOptions { stream: last_only(), ..relay }, shutdown.clone()));
    let mut options = SubscriptionOptions::new(reader.clone(), CELL, reader.head().await.expect("the head"));
    options.client = (told != Told::Writer).then(|| client.clone());
    options.wake = (told != Told::Stream).then(|| log.head());
    let arrived = Arc::new(Mutex::new(HashMap::new()));
    let follower = tokio::spawn({
        let arrived = Arc::clone(&arrived);
        async move {
            let mut subscription = Subscription::new(options);
            while let Ok(batch) = subscription.next().await {
                let now = Instant::now();
                let mut arrived = arrived.lock().unwrap_or_else(PoisonError::into_inner);
                arrived.extend(batch.iter().map(|event| (event.position, now)));
            }
        }
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut tick = tokio::time::interval(Duration::from_millis(2));
    let (mut tasks, end) = (Vec::new(), Instant::now() + length);
    while Instant::now() < end {
        tick.tick().await;
        let log = log.clone();
        tasks.push(tokio::spawn(async move {
            let outcome = log.append(append(Uuid::now_v7().to_string(), 0, "TicketOpened")).await;
            let Ok(Outcome::Appended { position, .. }) = outcome else { panic!("{outcome:?}") };
            (position, Instant::now())
        }));
    }
    let mut committed = Vec::new();
    for task in tasks {
        committed.push(task.await.expect("an append"));
    }
    let last = committed.iter().map(|(position, _)| *position).max().unwrap_or(Position::START);
    while !arrived.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&last) {
        tick.tick().await;
    }
    shutdown.cancel();
    relay.await.expect("the relay");
    follower.abort();
    let arrived = arrived.lock().unwrap_or_else(PoisonError::into_inner);
    let mut delays: Vec<Duration> = committed
        .iter()
        .map(|(position, committed)| arrived[position].saturating_duration_since(*committed))
        .collect();
    delays.sort_unstable();
    let at = |percent: usize| delays[(delays.len() * percent).div_ceil(100).saturating_sub(1)];
    (at(50), at(99))
}

fn last_only() -> event_store::relay::StreamOptions {
    event_store::relay::StreamOptions { rebuild_last: Some(0), ..Default::default() }
}

/// Events a second, read from the log from its start.
pub(crate) async fn replay(pool: &PgPool) -> f64 {
    let reader = LogReader::new(pool.clone());
    let head = reader.head().await.expect("the head");
    let mut subscription = Subscription::new(SubscriptionOptions::new(reader, CELL, Position::START));
    let since = Instant::now();
    while subscription.position() < head {
        subscription.next().await.expect("events");
    }
    head.0 as f64 / since.elapsed().as_secs_f64()
}

/// Events a second, from the log to the stream.
pub(crate) async fn relay(pool: &PgPool, nats: &str) -> f64 {
    const EVENTS: i64 = 200_000;
    let (_advance, wake) = tokio::sync::watch::channel(Position::START);
    let client = async_nats::connect(nats).await.expect("NATS");
    let head = LogReader::new(pool.clone()).head().await.expect("the head");
    let shutdown = CancellationToken::new();
    let mut options = RelayOptions::new(pool.clone(), client, CELL, "bench", wake);
    options.stream.rebuild_last = Some(EVENTS);
    let relay = tokio::spawn(Relay::run(options, shutdown.clone()));
    let since = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    loop {
        tick.tick().await;
        let status = event_store::relay::status(pool, CELL).await.expect("the state");
        if status.is_some_and(|status| status.position >= head.0) {
            break;
        }
    }
    let took = since.elapsed();
    shutdown.cancel();
    relay.await.expect("the relay");
    EVENTS.min(head.0) as f64 / took.as_secs_f64()
}

/// Leaves no stream behind.
pub(crate) async fn clean(nats: &str) {
    let client = async_nats::connect(nats).await.expect("NATS");
    let _ = async_nats::jetstream::new(client).delete_stream(event_store::subjects::stream(CELL)).await;
}
