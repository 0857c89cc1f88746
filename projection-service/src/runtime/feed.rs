//! Follows the log and reads each event once, for all projections of a lane.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::ids::Position;
use domain::ticket::upcast::Upcasters;
use event_store::RecordedEvent;
use event_store::subscription::{Subscription, SubscriptionOptions};
use service_kit::wait::{Backoff, pause};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::RuntimeOptions;
use crate::entry::{Batch, LogEntry};
use crate::lane::Lane;
use crate::projections::ALL;

/// How many batches may wait for a projection.
const QUEUE: usize = 2;

/// How long the others of the lane wait for a projection whose queue is full, before it goes on by itself.
const PATIENCE: Duration = Duration::from_millis(500);

/// The time from one batch to the next. Each costs every projection a transaction, so a batch earns
/// a rest by its size: up to 2,000 events a second the read models follow within the least, above that
/// within the most. A full batch earns none: there is more to catch up with.
const PACE: Duration = Duration::from_micros(500);
const LEAST: Duration = Duration::from_millis(4);
const MOST: Duration = Duration::from_millis(150);

/// How many events are handed out at once at most.
const BATCH: i64 = 2_000;

/// How many events are read before other tasks get their turn.
const STRETCH: usize = 200;

/// What the projections of a lane are fed from.
pub(super) struct Feed {
    lane: Lane,
    queues: Mutex<Vec<mpsc::Sender<Batch>>>,
    /// `None` until it is known where the feed begins.
    position: watch::Sender<Option<Position>>,
}

impl Feed {
    /// Nobody has joined yet.
    pub(super) fn new(lane: Lane) -> Self {
        Self { lane, queues: Mutex::default(), position: watch::Sender::default() }
    }

    /// What comes from now on. The queue ends when its reader is too slow: it catches up from the log
    /// by itself then, and joins again.
    pub(super) fn join(&self) -> mpsc::Receiver<Batch> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        self.queues.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    /// The last position that was handed out.
    pub(super) fn position(&self) -> Position {
        self.position.borrow().unwrap_or_default()
    }

    /// Waits until it is known where the feed begins. Whoever joins before that can't tell what is
    /// behind it, and would miss it.
    pub(super) async fn begun(&self) {
        // The sender lives as long as `self`.
        let _ = self.position.subscribe().wait_for(Option::is_some).await;
    }

    async fn hand_out(&self, batch: &Batch) {
        if let Some(last) = batch.last() {
            // Before the queues get it, so that whoever joins meanwhile reads it from the log.
            self.position.send_replace(Some(last.position()));
        }
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sends = queues.iter().map(|queue| queue.send_timeout(batch.clone(), PATIENCE));
        let sent = futures::future::join_all(sends).await;
        let lost: Vec<_> =
            queues.iter().zip(sent).filter(|(_, sent)| sent.is_err()).map(|(q, _)| q).collect();
        if !lost.is_empty() {
            let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
            queues.retain(|queue| !lost.iter().any(|lost| lost.same_channel(queue)));
        }
    }
}

/// Follows the log from where the foremost projection is; the others catch up to it by themselves.
pub(super) async fn run(feed: Arc<Feed>, options: RuntimeOptions, shutdown: CancellationToken) {
    let mut pauses = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
    let work = async {
        let after = loop {
            match foremost(&options, feed.lane).await {
                Ok(position) => break position,
                Err(error) => {
                    tracing::warn!(%error, "the checkpoints can't be read; trying again");
                    pauses.pause().await;
                }
            }
        };
        feed.position.send_replace(Some(after));
        let usual = SubscriptionOptions::new(options.reader.clone(), options.cell.clone(), after);
        let mut subscription = Subscription::new(SubscriptionOptions {
            // What isn't looked at to see what was just done needn't be heard of one by one.
            client: options.client.clone().filter(|_| feed.lane.polls().is_none()),
            poll: feed.lane.polls().unwrap_or(usual.poll),
            wake: options.wake.clone(),
            batch: BATCH,
            ..usual
        });
        loop {
            match subscription.next().await {
                Ok(events) => {
                    pauses.reset();
                    let begun = Instant::now();
                    feed.hand_out(&read(&events, &options.upcasters).await).await;
                    if (events.len() as i64) < BATCH {
                        let rest = (PACE * events.len() as u32).clamp(LEAST, MOST);
                        pause(rest.saturating_sub(begun.elapsed())).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the log can't be followed; trying again");
                    pauses.pause().await;
                }
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = shutdown.cancelled() => {}
    }
    feed.queues.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

async fn foremost(options: &RuntimeOptions, lane: Lane) -> Result<Position, sqlx::Error> {
    let names: Vec<&str> = ALL
        .into_iter()
        .filter(|each| each.lane() == lane)
        .map(super::super::projections::Projection::name)
        .collect();
    let position = sqlx::query_scalar!(
        "SELECT max(position) FROM read.checkpoints WHERE projection = ANY($1)",
        names as _,
    )
    .fetch_one(&options.pool)
    .await?;
    Ok(Position(position.unwrap_or_default()))
}

/// Reads events, letting others have their turn in between.
pub(super) async fn read(events: &[RecordedEvent], upcasters: &Upcasters) -> Batch {
    let mut entries = Vec::with_capacity(events.len());
    for stretch in events.chunks(STRETCH) {
        entries.extend(stretch.iter().map(|event| LogEntry::read(event, upcasters)));
        tokio::task::yield_now().await;
    }
    entries.into()
}
