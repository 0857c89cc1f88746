//! Keeps the read models up with the log.
//!
//! Each lane has a feed that follows the log and reads each event once for its projections; each of them
//! applies it in its own time, under its own checkpoint. Lanes wait for each other in one way alone: the later
//! ones let the first go before them. Any number of processes may run this on one database: for each
//! projection one of them writes, and the others stand by.

#![expect(clippy::disallowed_types, reason = "read models take turns, which no tenant has a part in")]

mod feed;
mod progress;
mod retry;
mod session;
mod task;

use std::sync::Arc;
use std::time::Duration;

use domain::ids::Position;
use domain::ticket::upcast::Upcasters;
use event_store::reader::LogReader;
use service_kit::wait::Backoff;
use sqlx::PgPool;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::lane::Lane;
use crate::projections::ALL;
use crate::rebuild::{RebuildError, Rebuilt, rebuild};
use crate::status::{ProjectionStatus, measure, status};
use feed::Feed;
use progress::Progress;
use task::Task;

/// How often operators' requests are looked for, and metrics renewed.
const TIDY: Duration = Duration::from_secs(1);

/// What the runtime needs.
#[derive(Clone)]
pub struct RuntimeOptions {
    /// The read models' database, connected as a member of `docket_projection`.
    pub pool: PgPool,
    /// The log.
    pub reader: LogReader,
    /// For hearing of events at once; without it the log is polled.
    pub client: Option<async_nats::Client>,
    /// The cell.
    pub cell: String,
    /// The head of the log as a writer in this process tells it.
    pub wake: Option<watch::Receiver<Position>>,
    /// How old versions of events are read.
    pub upcasters: Arc<Upcasters>,
    /// This process, among those that run on the same database.
    pub instance: Uuid,
}

/// Keeps all projections up with the log.
pub struct Runtime {
    options: RuntimeOptions,
    progress: Arc<Progress>,
    tasks: JoinSet<()>,
}

impl Runtime {
    /// Starts. Whatever fails is tried again, until `shutdown`: then what is under way is finished.
    pub fn start(options: RuntimeOptions, shutdown: &CancellationToken) -> Self {
        let progress = Arc::new(Progress::new(ALL.len()));
        let mut tasks = JoinSet::new();
        for lane in Lane::ALL {
            let feed = Arc::new(Feed::new(lane));
            let turn = Arc::new(Semaphore::new(1));
            tasks.spawn(feed::run(feed.clone(), options.clone(), shutdown.clone()));
            for (index, projection) in ALL.into_iter().enumerate().filter(|(_, each)| each.lane() == lane) {
                let task = Task {
                    projection,
                    index,
                    options: options.clone(),
                    feed: feed.clone(),
                    progress: progress.clone(),
                    turn: turn.clone(),
                    shutdown: shutdown.clone(),
                };
                tasks.spawn(task.run());
            }
        }
        tasks.spawn(watch_lag(options.pool.clone(), shutdown.clone()));
        Self { options, progress, tasks }
    }

    /// The last position that every read model shows. Moves back when Postgres crashed and lost
    /// what wasn't on disk yet, until that is applied again.
    pub fn position(&self) -> watch::Receiver<Position> {
        self.progress.least()
    }

    /// The last position that each read model shows, with its name.
    pub fn positions(&self) -> Vec<(&'static str, Position)> {
        ALL.iter().map(|projection| projection.name()).zip(self.progress.each()).collect()
    }

    /// The state of all projections, as the database has it.
    pub async fn status(&self) -> Result<Vec<ProjectionStatus>, sqlx::Error> {
        status(&self.options.pool).await
    }

    /// Builds a projection anew beside the live one, and switches.
    pub async fn rebuild(&self, name: &str) -> Result<Rebuilt, RebuildError> {
        let RuntimeOptions { pool, reader, upcasters, .. } = &self.options;
        rebuild(pool, reader, upcasters, name).await
    }

    /// Waits until everything has stopped after `shutdown`.
    pub async fn stopped(mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a part of the projections ended badly");
            }
        }
    }
}

/// Renews the metrics.
async fn watch_lag(pool: PgPool, shutdown: CancellationToken) {
    let mut pauses = Backoff::new(TIDY, TIDY * 10);
    while !shutdown.is_cancelled() {
        if let Ok(status) = status(&pool).await {
            measure(&status);
            pauses.reset();
        }
        tokio::select! {
            () = pauses.pause() => {}
            () = shutdown.cancelled() => {}
        }
    }
}
