//! The log as a process has it: one writer, one cache.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::Position;
use domain::ticket::upcast::Upcasters;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::append::writer::{Waiting, Writer};
use crate::append::{Append, Outcome};
use crate::cache::Cache;
use crate::error::LogError;
use crate::idempotency;
use crate::numbers::Numbers;
use crate::reader::LogReader;

/// How the log works. The defaults suit one machine and most clusters.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// How many appends may wait; above it they are refused as overloaded.
    pub queue_limit: usize,
    /// How many commands go into one statement at most.
    pub batch_limit: usize,
    /// The longest that a batch may take.
    pub statement_timeout: Duration,
    /// The longest that a batch waits for the head of the log.
    pub lock_timeout: Duration,
    /// The longest that connecting may take.
    pub connect_timeout: Duration,
    /// How long the writer tries to find out whether a batch landed whose answer was lost.
    pub resolve_within: Duration,
    /// How long a caller waits for an answer.
    pub answer_within: Duration,
    /// What the cache of aggregates may weigh, in bytes, estimated.
    pub cache_bytes: u64,
    /// How long idempotency keys are kept; the database takes nothing below 24 hours.
    pub keep_keys: Duration,
    /// How old versions of events are read.
    pub upcasters: Upcasters,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            queue_limit: 8192,
            batch_limit: 512,
            statement_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            resolve_within: Duration::from_secs(4),
            answer_within: Duration::from_secs(20),
            cache_bytes: 64 << 20,
            keep_keys: Duration::from_secs(25 * 60 * 60),
            upcasters: Upcasters::default(),
        }
    }
}

/// The event log. Clones share one writer and one cache.
#[derive(Clone)]
pub struct EventLog(Arc<Inner>);

struct Inner {
    pool: PgPool,
    queue: mpsc::Sender<Waiting>,
    head: watch::Receiver<Position>,
    cache: Cache,
    numbers: Numbers,
    options: LogOptions,
    stopped: CancellationToken,
}

impl EventLog {
    /// Starts the writer and the pruning of old idempotency keys. Connects when there is something
    /// to do, so it starts with Postgres down as well. At the shutdown what is queued is still
    /// appended, and answered.
    pub fn start(pool: PgPool, options: LogOptions, shutdown: CancellationToken) -> Self {
        let (queue, waiting) = mpsc::channel(options.queue_limit);
        let (advance, head) = watch::channel(Position::START);
        let stopped = CancellationToken::new();
        let writer = Writer::new(&pool.connect_options(), advance, options.clone());
        writer.start(waiting, shutdown.clone(), stopped.clone());
        tokio::spawn(idempotency::prune(pool.clone(), options.keep_keys, shutdown));
        Self(Arc::new(Inner {
            cache: Cache::new(options.cache_bytes),
            numbers: Numbers::default(),
            pool,
            queue,
            head,
            options,
            stopped,
        }))
    }

    /// Appends one command's events. Answers after the commit is durable.
    pub async fn append(&self, append: Append) -> Result<Outcome, LogError> {
        let since = Instant::now();
        let (answer, answered) = oneshot::channel();
        self.0.queue.try_send(Waiting { append, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => LogError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => LogError::Unavailable(None),
        })?;
        let outcome = match timeout(self.0.options.answer_within, answered).await {
            Ok(Ok(outcome)) => outcome,
            _ => Err(LogError::Unavailable(None)),
        };
        metrics::histogram!("docket_append_seconds").record(since.elapsed().as_secs_f64());
        outcome
    }

    /// The last committed position known here: goes up as this process appends, at once. What
    /// other processes append it learns with the next append.
    pub fn head(&self) -> watch::Receiver<Position> {
        self.0.head.clone()
    }

    /// Reads the log with the same pool.
    pub fn reader(&self) -> LogReader {
        LogReader::new(self.0.pool.clone())
    }

    /// How old versions of events are read.
    pub fn upcasters(&self) -> &Upcasters {
        &self.0.options.upcasters
    }

    /// Returns when the writer has stopped, after the shutdown, with everything queued answered.
    pub async fn stopped(&self) {
        self.0.stopped.cancelled().await;
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    pub(crate) fn keep_keys(&self) -> Duration {
        self.0.options.keep_keys
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.0.cache
    }

    pub(crate) fn numbers(&self) -> &Numbers {
        &self.0.numbers
    }
}
