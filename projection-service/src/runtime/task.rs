//! One projection's task: sessions, one after the other, whatever breaks them.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::Position;
use service_kit::wait::Backoff;
use sqlx::Connection;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::RuntimeOptions;
use super::feed::{self, Feed};
use super::progress::Progress;
use super::session::Session;
use crate::applier::{Applier, Claim};
use crate::checkpoint::{self, Checkpoint, State};
use crate::connection::connect;
use crate::cost::Meter;
use crate::entry::Batch;
use crate::parking::Parking;
use crate::projections::{Projection, schema};
use crate::rebuild::{RebuildError, rebuild};

/// What one projection's task works with.
pub(super) struct Task {
    pub(super) projection: &'static dyn Projection,
    pub(super) index: usize,
    pub(super) options: RuntimeOptions,
    pub(super) feed: Arc<Feed>,
    pub(super) progress: Arc<Progress>,
    /// Whose turn it is, where projections take turns.
    pub(super) turn: Arc<Semaphore>,
    pub(super) shutdown: CancellationToken,
}

/// Why a session ended before its time. Another one begins after a pause.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the database fails")]
    Database(#[from] sqlx::Error),
    #[error("the read models aren't installed: run `docket migrate`")]
    Missing,
    #[error("version {0} is being read, which isn't this program's")]
    Version(i32),
    #[error("the new version can't be built")]
    Rebuild(#[from] RebuildError),
}

impl Task {
    /// Works until shutdown, whatever fails.
    pub(super) async fn run(self) {
        let mut pauses = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
        let name = self.projection.name();
        while !self.shutdown.is_cancelled() {
            let started = Instant::now();
            if let Err(error) = self.session().await {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(projection = name, %error, cause, "a projection was interrupted; trying again");
                if started.elapsed() > Duration::from_secs(10) {
                    pauses.reset();
                }
                tokio::select! {
                    () = pauses.pause() => {}
                    () = self.shutdown.cancelled() => {}
                }
            }
        }
    }

    async fn session(&self) -> Result<(), Broken> {
        let (name, version) = (self.projection.name(), self.projection.version());
        let checkpoint = Checkpoint::read(&self.options.pool, name).await?.ok_or(Broken::Missing)?;
        if checkpoint.version > version {
            return Err(Broken::Version(checkpoint.version));
        }
        if checkpoint.version < version {
            let RuntimeOptions { pool, reader, upcasters, .. } = &self.options;
            tokio::select! {
                built = rebuild(pool, reader, upcasters, name) => drop(built?),
                () = self.shutdown.cancelled() => return Ok(()),
            }
        }
        let db = connect(&self.options.pool, &schema(self.projection)).await?;
        let parking = Parking::default();
        let claim = Claim::Live { checkpoint, owner: self.options.instance, state: State::CatchingUp };
        let applier = Applier { projection: self.projection, db, parking, claim, meter: Meter::new() };
        let mut session = Session { task: self, applier, leads: false, locked: false };
        session.look_again().await?;
        let worked = session.work().await;
        if session.leads
            && checkpoint::let_go(&mut session.applier.db, name, self.options.instance).await.is_ok()
        {
            tracing::info!(projection = name, position = session.applier.position().0, "stopped");
        }
        // Closing says goodbye to Postgres, which gives the lock back at once.
        let _ = session.applier.db.close().await;
        worked
    }

    /// The events after `after`, up to and including `until`, as many as are applied at once.
    pub(super) async fn read(&self, after: Position, until: Position) -> Result<Batch, sqlx::Error> {
        let wanted = (until.0 - after.0).clamp(0, self.projection.lane().stretch() as i64);
        if wanted == 0 {
            return Ok(Batch::from([]));
        }
        let events = self.options.reader.read_within_bytes(after, wanted).await?;
        Ok(feed::read(&events, &self.options.upcasters).await)
    }
}
