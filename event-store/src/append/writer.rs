//! The one writer of a process: takes whatever queued up while the last batch was committing, and
//! appends it in one statement.
//!
//! An idle log commits a lone command at once, a busy one fills its batches by itself. If the
//! connection is lost with a batch under way, nobody knows whether it landed; the writer connects
//! again and sends the same batch marked as a repeat, so that the log tells what landed from what
//! didn't. Nothing is acknowledged before that.

use std::time::Duration;

use domain::ids::Position;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::outcome::outcomes;
use super::{Append, Outcome, batch};
use crate::error::{LogError, refuses_data};
use crate::log::LogOptions;
use crate::pause::pause;

/// A command that waits for its answer.
pub(crate) struct Waiting {
    pub(crate) append: Append,
    pub(crate) answer: oneshot::Sender<Result<Outcome, LogError>>,
}

/// Above this a batch is cut in two, so that large payloads don't make one huge statement.
const BATCH_BYTES: usize = 4 << 20;

/// A batch takes half of those who are about: were all of them answered together, they would all be
/// away together too, with nothing to commit meanwhile. So many it may take in any case.
const FEWEST: usize = 16;

pub(crate) struct Writer {
    connect: PgConnectOptions,
    connection: Option<PgConnection>,
    head: watch::Sender<Position>,
    options: LogOptions,
}

impl Writer {
    pub(crate) fn new(
        connect: &PgConnectOptions,
        head: watch::Sender<Position>,
        options: LogOptions,
    ) -> Self {
        let milliseconds = |limit: Duration| format!("{}ms", limit.as_millis());
        let connect = connect
            .clone()
            .application_name("docket-writer")
            .options([
                ("statement_timeout", milliseconds(options.statement_timeout)),
                ("lock_timeout", milliseconds(options.lock_timeout)),
                ("idle_in_transaction_session_timeout", milliseconds(options.statement_timeout)),
                ("default_transaction_isolation", "read\\ committed".to_owned()),
            ])
            .disable_statement_logging();
        Self { connect, connection: None, head, options }
    }

    /// Starts the writer on a thread of its own: among the tasks of busy workers it would be told
    /// of a commit only after dozens of requests, and everybody waits for the next one meanwhile.
    pub(crate) fn start(
        self,
        queue: mpsc::Receiver<Waiting>,
        shutdown: CancellationToken,
        stopped: CancellationToken,
    ) {
        let done = stopped.drop_guard();
        let work = async move {
            self.run(queue, shutdown).await;
            drop(done);
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let started = runtime.and_then(|runtime| {
            let thread = std::thread::Builder::new().name("docket-writer".to_owned());
            thread.spawn(move || runtime.block_on(work))
        });
        if let Err(error) = started {
            // The work is gone with the thread: its queue is closed, and callers are told so.
            tracing::error!(%error, "the log's writer can't be started");
        }
    }

    /// Works until every [`EventLog`](crate::EventLog) is gone, or until the shutdown; then what
    /// is queued is still appended.
    async fn run(mut self, mut queue: mpsc::Receiver<Waiting>, shutdown: CancellationToken) {
        self.learn_head().await;
        let mut taken = Vec::new();
        let mut closed = false;
        let mut answered = 0;
        loop {
            let most = self.options.batch_limit;
            let half = usize::midpoint(answered, queue.len()).clamp(FEWEST.min(most), most);
            let n = tokio::select! {
                biased;
                () = shutdown.cancelled(), if !closed => {
                    queue.close();
                    closed = true;
                    continue;
                }
                n = queue.recv_many(&mut taken, half) => n,
            };
            if n == 0 {
                return;
            }
            metrics::gauge!("docket_writer_queue_depth").set(queue.len() as f64);
            while !taken.is_empty() {
                let rest = taken.split_off(cut(&taken));
                self.append(std::mem::replace(&mut taken, rest)).await;
            }
            answered = n;
        }
    }

    /// Appends a batch and answers each of its commands.
    async fn append(&mut self, waiting: Vec<Waiting>) {
        let mut again = false;
        let give_up = Instant::now() + self.options.resolve_within;
        let mut wait = Duration::from_millis(20);
        loop {
            let limit = self.options.statement_timeout + Duration::from_secs(1);
            let appends = waiting.iter().map(|waiting| &waiting.append);
            let connection = match self.connection().await {
                Ok(connection) => connection,
                // Sent before, with the answer lost: it is worth waiting to find out.
                Err(_) if again && Instant::now() < give_up => {
                    pause(wait).await;
                    wait = (wait * 2).min(Duration::from_millis(500));
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, commands = waiting.len(), "the log can't be reached");
                    return fail(waiting, || LogError::Unavailable(None));
                }
            };
            let error = match timeout(limit, batch::append(connection, appends.clone(), again)).await {
                Ok(Ok(answers)) => {
                    let outcomes = outcomes(answers, appends, again);
                    self.tell(waiting, outcomes);
                    return;
                }
                Ok(Err(error)) => error,
                Err(_) => sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()),
            };
            if refuses_data(&error) {
                return self.isolate(waiting, error).await;
            }
            if rolled_back(&error) {
                tracing::warn!(%error, commands = waiting.len(), "a batch was not appended");
                return fail(waiting, || LogError::Unavailable(None));
            }
            tracing::warn!(%error, commands = waiting.len(), "the log's connection was lost; asking what landed");
            self.connection = None;
            if Instant::now() >= give_up {
                return fail(waiting, || LogError::Unavailable(None));
            }
            again = true;
        }
    }

    /// A command whose data the log refuses must not fail its neighbours: halve the batch until it
    /// stands alone. The refused statement was rolled back, so nothing of it landed.
    async fn isolate(&mut self, mut waiting: Vec<Waiting>, error: sqlx::Error) {
        if waiting.len() == 1 {
            if let Some(one) = waiting.pop() {
                let _ = one.answer.send(Err(LogError::Refused(error)));
            }
            return;
        }
        let second = waiting.split_off(waiting.len() / 2);
        Box::pin(self.append(waiting)).await;
        Box::pin(self.append(second)).await;
    }

    fn tell(&self, waiting: Vec<Waiting>, outcomes: Vec<Outcome>) {
        metrics::histogram!("docket_append_batch_size").record(waiting.len() as f64);
        let mut highest = Position::START;
        let mut conflicts = 0;
        for outcome in &outcomes {
            match outcome {
                Outcome::Appended { position, .. } => highest = highest.max(*position),
                Outcome::Conflict { .. } => conflicts += 1,
                _ => {}
            }
        }
        metrics::counter!("docket_append_conflicts_total").increment(conflicts);
        self.advance(highest);
        for (waiting, outcome) in waiting.into_iter().zip(outcomes) {
            // Nobody there any more: the caller gave up waiting. It stands in the log all the same.
            let _ = waiting.answer.send(Ok(outcome));
        }
    }

    fn advance(&self, to: Position) {
        self.head.send_if_modified(|head| {
            let further = to > *head;
            if further {
                *head = to;
                metrics::gauge!("docket_log_head").set(to.0 as f64);
            }
            further
        });
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        if self.connection.is_none() {
            let connect = async {
                let mut connection = self.connect.connect().await?;
                // What is acknowledged is durable, whatever the database's default.
                sqlx::query_scalar!(
                    "SELECT set_config('synchronous_commit', 'on', false)
                      WHERE current_setting('synchronous_commit') = 'off'",
                )
                .fetch_optional(&mut connection)
                .await?;
                Ok::<_, sqlx::Error>(connection)
            };
            let connected = timeout(self.options.connect_timeout, connect).await;
            let connection =
                connected.map_err(|_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
            self.connection = Some(connection);
        }
        self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// So that those who watch the head know it before the first append.
    async fn learn_head(&mut self) {
        let Ok(connection) = self.connection().await else { return };
        let head = sqlx::query_scalar!("SELECT max(position) FROM events").fetch_one(connection).await;
        match head {
            Ok(head) => self.advance(Position(head.unwrap_or_default())),
            Err(_) => self.connection = None,
        }
    }
}

/// How many of these make a batch of reasonable size; at least one.
fn cut(waiting: &[Waiting]) -> usize {
    let mut bytes = 0;
    let within = waiting.iter().take_while(|waiting| {
        let events = &waiting.append.events;
        bytes += events.iter().map(|event| event.payload.len() + event.metadata.len()).sum::<usize>();
        bytes <= BATCH_BYTES
    });
    within.count().max(1)
}

fn fail(waiting: Vec<Waiting>, error: impl Fn() -> LogError) {
    for waiting in waiting {
        let _ = waiting.answer.send(Err(error()));
    }
}

/// Postgres answered, with an error after which the connection goes on: the statement was rolled
/// back for certain. Shutdowns and crashes (57P01 to 57P05) are not of these.
fn rolled_back(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| !code.starts_with("57P") && !code.starts_with("08"))
        }
        _ => false,
    }
}
