//! What a subscription follows, and how.

use std::time::Duration;

use domain::ids::Position;
use tokio::sync::watch;

use crate::reader::LogReader;

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
