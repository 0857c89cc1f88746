//! Following the log: every event, in order, once, from a position on.
//!
//! A subscription catches up from the log in Postgres, then goes live on `JetStream`. The rule is by
//! position alone: the next one is handed on, one that was handed on is ignored, and one beyond
//! the next makes the missing ones be read from the log. So whatever the stream loses, doubles or
//! reorders is healed by itself, and with NATS down the log is polled.

mod live;
mod options;

pub use options::SubscriptionOptions;

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use domain::ids::Position;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;
use uuid::Uuid;

use self::live::Live;
use crate::envelope::RecordedEvent;
use crate::error::LogError;
use crate::pause::pause_until;
use crate::relay::message::Received;

/// Events in order, without gaps.
pub type Batch = Arc<[RecordedEvent]>;

/// A place in the log that moves on.
pub struct Subscription {
    options: SubscriptionOptions,
    /// The last position that was handed on.
    last: Position,
    /// Everything that the log had when it was last looked at was handed on.
    current: bool,
    live: Option<Live>,
    /// Going live, beside everything else: it may take its time.
    going_live: Option<JoinHandle<Result<Live, async_nats::Error>>>,
    /// When going live may be tried (again).
    live_at: Instant,
    /// The stream is late with what the head tells to be there: the log is read at once, until the
    /// stream delivers again.
    stream_is_late: bool,
    /// When to look at the log if nothing comes before.
    look_at: Instant,
    log: Option<Uuid>,
}

/// How long the stream has to deliver what was appended in this process.
const GRACE: Duration = Duration::from_millis(10);
const TRY_LIVE_EVERY: Duration = Duration::from_secs(1);
/// So many events at once are cheaper read from the log together than heard of one by one. Where a
/// writer in this process tells of them, the stream is left alone for a while then.
const MANY: i64 = 64;

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(going_live) = &self.going_live {
            going_live.abort();
        }
    }
}

impl Subscription {
    /// Starts after `options.after`.
    pub fn new(options: SubscriptionOptions) -> Self {
        let now = Instant::now();
        Self {
            last: options.after,
            options,
            current: false,
            live: None,
            going_live: None,
            live_at: now,
            stream_is_late: false,
            look_at: now,
            log: None,
        }
    }

    /// The last position that was handed on.
    pub fn position(&self) -> Position {
        self.last
    }

    /// The next events: waits for the first. Fails when the log can't be read; trying again later
    /// goes on where it was. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Batch, LogError> {
        loop {
            if !self.current {
                let batch = self.read().await?;
                if !batch.is_empty() {
                    return Ok(batch);
                }
                self.current = true;
                self.go_live();
            }
            let look_at = self.look_at;
            tokio::select! {
                biased;
                live = gone_live(&mut self.going_live) => {
                    self.going_live = None;
                    match live {
                        Ok(Ok(live)) => {
                            self.live = Some(live);
                            self.stream_is_late = false;
                            // What was appended between the look at the log and now.
                            self.current = false;
                        }
                        _ => self.live_at = Instant::now() + TRY_LIVE_EVERY,
                    }
                }
                received = received(&mut self.live) => {
                    let batch = self.take(received);
                    if !batch.is_empty() {
                        return Ok(batch.into());
                    }
                }
                ahead = woken(&mut self.options.wake, self.last) => {
                    if ahead >= MANY {
                        self.leave_stream();
                    }
                    if self.live.is_none() || self.stream_is_late {
                        self.current = false;
                    } else {
                        self.look_at = self.look_at.min(Instant::now() + GRACE);
                    }
                }
                () = pause_until(look_at) => self.current = false,
            }
        }
    }

    /// From the log: what comes after the last position.
    async fn read(&mut self) -> Result<Batch, LogError> {
        if self.log.is_none() {
            self.log = Some(self.options.reader.log_id().await.map_err(LogError::of)?);
        }
        let reader = &self.options.reader;
        let events = reader.read_within_bytes(self.last, self.options.batch).await.map_err(LogError::of)?;
        if let Some(last) = events.last() {
            self.last = last.position;
            self.stream_is_late = true;
        }
        let read = events.len() as i64;
        // Far behind: what the stream delivers meanwhile would only pile up.
        if read == self.options.batch || (read >= MANY && self.options.wake.is_some()) {
            self.leave_stream();
        }
        self.look_later();
        Ok(events.into())
    }

    /// From the stream: the message, and those that are there already.
    fn take(&mut self, first: Option<Received>) -> Vec<RecordedEvent> {
        let mut batch = Vec::new();
        let mut next = first;
        if next.is_none() {
            // The stream or NATS is gone. The log is looked at, and going live is tried again.
            self.live = None;
            self.live_at = Instant::now();
            self.current = false;
        }
        while let Some(received) = next {
            match received {
                Received::Event(event) if event.position == self.last.next() => {
                    self.last = event.position;
                    batch.push(*event);
                }
                Received::Event(event) if event.position <= self.last => {
                    // It has caught up with what the log told before.
                    self.stream_is_late &= event.position != self.last;
                }
                Received::InLog(position) if position <= self.last => {}
                Received::Foreign => {}
                // Some are missing, or this one is in the log alone.
                Received::Event(_) | Received::InLog(_) => {
                    self.current = false;
                    break;
                }
            }
            if batch.len() as i64 >= self.options.batch {
                self.current = false;
                break;
            }
            next = self.live.as_mut().and_then(Live::next_now);
        }
        if !batch.is_empty() {
            self.stream_is_late = false;
            self.look_later();
        }
        if batch.len() as i64 >= MANY && self.options.wake.is_some() {
            self.leave_stream();
            self.current = false;
        }
        batch
    }

    fn leave_stream(&mut self) {
        self.live = None;
        if let Some(going_live) = self.going_live.take() {
            going_live.abort();
        }
        if self.options.wake.is_some() {
            self.live_at = Instant::now() + TRY_LIVE_EVERY;
        }
    }

    fn look_later(&mut self) {
        let wait = if self.live.is_some() { self.options.idle } else { self.options.poll };
        self.look_at = Instant::now() + wait;
    }

    fn go_live(&mut self) {
        let (Some(client), Some(log)) = (&self.options.client, self.log) else { return };
        let may = self.live.is_none() && self.going_live.is_none() && Instant::now() >= self.live_at;
        if may && client.connection_state() == State::Connected {
            let begin = Live::begin(client.clone(), self.options.cell.clone(), log);
            self.going_live = Some(tokio::spawn(begin));
        }
    }
}

async fn gone_live<T>(task: &mut Option<JoinHandle<T>>) -> Result<T, JoinError> {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}

async fn received(live: &mut Option<Live>) -> Option<Received> {
    match live {
        Some(live) => live.next().await,
        None => std::future::pending().await,
    }
}

/// The head, as this process knows it, went past the last position: by how many events.
async fn woken(wake: &mut Option<watch::Receiver<Position>>, last: Position) -> i64 {
    if let Some(head) = wake {
        while head.changed().await.is_ok() {
            let ahead = head.borrow_and_update().0 - last.0;
            if ahead > 0 {
                return ahead;
            }
        }
        *wake = None;
    }
    std::future::pending().await
}
