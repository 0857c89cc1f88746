//! From the log to `JetStream`: one leader per cell publishes what was appended, in order.
//!
//! Every message bears the sequence and the message that it expects to follow, so that of two that
//! take themselves for the leader only one can go on; the other is refused with error 10071 and
//! looks again. Where to go on is read from the stream's last messages. A stream
//! that is gone, shorter than recorded, or of another log is built anew from the log, as a new epoch.

mod leader;
pub(crate) mod message;
mod publish;
mod reconcile;
mod run;
mod stopped;
mod stream;

pub use run::Relay;

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ids::Position;
use domain::ticket::upcast::Upcasters;
use sqlx::{PgExecutor, PgPool};
use tokio::sync::watch;

/// How a relay works.
#[derive(Clone)]
pub struct RelayOptions {
    /// The log's database.
    pub pool: PgPool,
    /// NATS.
    pub client: async_nats::Client,
    /// The cell.
    pub cell: String,
    /// The name of this instance, unlike any other's.
    pub instance: String,
    /// The head of the log as this process' writer tells it.
    pub wake: watch::Receiver<Position>,
    /// The stream.
    pub stream: StreamOptions,
    /// How long a leader leads without renewing its lease, by Postgres' clock.
    pub lease: Duration,
    /// How often the log is looked at without being woken.
    pub poll: Duration,
    /// How many messages may be unacknowledged.
    pub in_flight: usize,
    /// The ways up from old versions, for events that aren't published as they are stored.
    pub upcasters: Upcasters,
}

/// How the stream is kept.
#[derive(Clone, Debug)]
pub struct StreamOptions {
    /// Above this the oldest messages go; `None` for no limit.
    pub max_bytes: Option<i64>,
    /// How many servers keep it.
    pub replicas: usize,
    /// How many of the last events a stream that is built anew gets; `None` for all. Subscribers
    /// read from the log what the stream doesn't have.
    pub rebuild_last: Option<i64>,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self { max_bytes: None, replicas: 1, rebuild_last: None }
    }
}

impl RelayOptions {
    /// The defaults: a lease of 3 s, a look at the log every 500 ms, 512 messages in flight.
    pub fn new(
        pool: PgPool,
        client: async_nats::Client,
        cell: impl Into<String>,
        instance: impl Into<String>,
        wake: watch::Receiver<Position>,
    ) -> Self {
        Self {
            pool,
            client,
            cell: cell.into(),
            instance: instance.into(),
            wake,
            stream: StreamOptions::default(),
            lease: Duration::from_secs(3),
            poll: Duration::from_millis(500),
            in_flight: 512,
            upcasters: Upcasters::default(),
        }
    }
}

/// What is known of a cell's relay.
#[derive(Clone, Debug, PartialEq)]
pub struct RelayStatus {
    /// The stream's incarnation.
    pub epoch: i64,
    /// The last position that the stream is known to have.
    pub position: i64,
    /// The fencing token.
    pub term: i64,
    /// The instance that leads, if its lease holds.
    pub leader: Option<String>,
    /// When this was written.
    pub updated_at: DateTime<Utc>,
}

/// The state of a cell's relay; `None` before there ever was one.
pub async fn status(executor: impl PgExecutor<'_>, cell: &str) -> Result<Option<RelayStatus>, sqlx::Error> {
    sqlx::query_as!(
        RelayStatus,
        "SELECT epoch, position, term, CASE WHEN lease_until > clock_timestamp() THEN leader END AS leader,
                updated_at
           FROM relay_state WHERE cell = $1",
        cell,
    )
    .fetch_optional(executor)
    .await
}

/// Has the leader build the stream anew, as a new epoch.
pub async fn reset(executor: impl PgExecutor<'_>, cell: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO relay_state (cell, reset) VALUES ($1, true)
         ON CONFLICT (cell) DO UPDATE SET reset = true",
        cell,
    )
    .execute(executor)
    .await?;
    Ok(())
}
