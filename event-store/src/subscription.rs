//! Following the log: every event, in order, once, from a position on.
//!
//! A subscription catches up from the log in Postgres, then goes live on `JetStream`. The rule is by
//! position alone: the next one is handed on, one that was handed on is ignored, and one beyond
//! the next makes the missing ones be read from the log. So whatever the stream loses, doubles or
//! reorders is healed by itself, and with NATS down the log is polled.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::Position;
use tokio::sync::watch;

use crate::envelope::RecordedEvent;
use crate::error::LogError;
use crate::reader::LogReader;

/// Events in order, without gaps.
pub type Batch = Arc<[RecordedEvent]>;

/// What a subscription follows.
#[derive(Clone)]
pub struct SubscriptionOptions {
    /// The log.
    pub reader: LogReader,
    /// For going live on `JetStream`; without it the log is polled.
    pub client: Option<async_nats::Client>,
    /// The cell.
    pub cell: String,
    /// The last position that was dealt with.
    pub after: Position,
    /// The head of the log as a writer in this process tells it.
    pub wake: Option<watch::Receiver<Position>>,
    /// How many events a batch has at most.
    pub batch: i64,
    /// How long nothing may come before the log's head is looked at.
    pub idle: Duration,
    /// How often the log is looked at while nothing is live.
    pub poll: Duration,
}

impl SubscriptionOptions {
    /// Follows the log from a position on, in batches of up to 2,000 events.
    pub fn new(reader: LogReader, cell: impl Into<String>, after: Position) -> Self {
        Self {
            reader,
            client: None,
            cell: cell.into(),
            after,
            wake: None,
            batch: 2000,
            idle: Duration::from_secs(1),
            poll: Duration::from_millis(100),
        }
    }
}

/// A place in the log that moves on.
pub struct Subscription {
    options: SubscriptionOptions,
    last: Position,
}

impl Subscription {
    /// Starts after `options.after`.
    pub fn new(options: SubscriptionOptions) -> Self {
        Self { last: options.after, options }
    }

    /// The last position that was handed on.
    pub fn position(&self) -> Position {
        self.last
    }

    /// The next events: waits for the first. Fails when the log can't be read; trying again later
    /// goes on where it was. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Batch, LogError> {
        loop {
            let events = self.options.reader.read(self.last, self.options.batch).await.map_err(LogError::of)?;
            if let Some(last) = events.last() {
                self.last = last.position;
                return Ok(events.into());
            }
            tokio::time::sleep(self.options.poll).await;
        }
    }
}
