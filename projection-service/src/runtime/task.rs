//! One projection's task.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::Position;
use service_kit::wait::Backoff;
use sqlx::Connection;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::feed::{self, Feed};
use super::progress::Progress;
use super::{RuntimeOptions, TIDY, retry};
use crate::applier::{Applier, Claim, Outcome};
use crate::checkpoint::{self, Checkpoint, State};
use crate::connection::connect;
use crate::entry::{Batch, LogEntry};
use crate::parking::Parking;
use crate::projections::{Projection, schema};
use crate::rebuild::{RebuildError, rebuild};

/// How many events are applied in one transaction at most.
const MOST: usize = 5_000;

/// How long the process that writes may make no headway before another takes over. One that died
/// is noticed at once, by its lock.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a process that stands by looks how far the one that writes is.
const LOOK: Duration = Duration::from_millis(10);

/// What one projection's task works with.
pub(super) struct Task {
    pub(super) projection: &'static dyn Projection,
    pub(super) index: usize,
    pub(super) options: RuntimeOptions,
    pub(super) feed: Arc<Feed>,
    pub(super) progress: Arc<Progress>,
    pub(super) shutdown: CancellationToken,
}

/// Why a session ended before its time. Another one begins after a pause.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the database fails")]
    Database(#[from] sqlx::Error),
    #[error("the read models aren't installed: run `docket migrate`")]
    Missing,
    #[error("version {0} is being read, which is newer than this program's")]
    Newer(i32),
    #[error("the new version can't be built")]
    Rebuild(#[from] RebuildError),
}

/// A task's work on one connection.
struct Session<'a> {
    task: &'a Task,
    applier: Applier,
    /// This process writes; otherwise it stands by.
    leads: bool,
    /// The session has the lock that says that the projection's writer lives.
    locked: bool,
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
            return Err(Broken::Newer(checkpoint.version));
        }
        if checkpoint.version < version {
            let RuntimeOptions { pool, reader, upcasters, .. } = &self.options;
            rebuild(pool, reader, upcasters, name).await?;
        }
        let mut db = connect(&self.options.pool, &schema(self.projection)).await?;
        let parking = Parking::read(&mut db, name).await?;
        let claim = Claim::Live { checkpoint, owner: self.options.instance, state: State::CatchingUp };
        let applier = Applier { projection: self.projection, db, parking, claim };
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
    async fn read(&self, after: Position, until: Position) -> Result<Batch, sqlx::Error> {
        let wanted = (until.0 - after.0).clamp(0, MOST as i64);
        if wanted == 0 {
            return Ok(Batch::from([]));
        }
        let events = self.options.reader.read(after, wanted).await?;
        Ok(feed::read(&events, &self.options.upcasters).await)
    }
}

impl Session<'_> {
    async fn work(&mut self) -> Result<(), Broken> {
        let mut tidy = interval(TIDY);
        tidy.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut queue = self.join().await?;
        loop {
            tokio::select! {
                biased;
                () = self.task.shutdown.cancelled() => return Ok(()),
                batch = queue.recv() => match batch {
                    Some(batch) => {
                        let batches = gather(batch, &mut queue);
                        self.take(&batches).await?;
                    }
                    None if self.task.shutdown.is_cancelled() => return Ok(()),
                    None => queue = self.join().await?,
                },
                _ = tidy.tick() => self.tidy().await?,
            }
        }
    }

    /// Goes to where the feed is, by the log, and joins it.
    async fn join(&mut self) -> Result<mpsc::Receiver<Batch>, Broken> {
        self.catch_up(self.task.feed.position()).await?;
        let queue = self.task.feed.join();
        // What was handed out between the two.
        self.catch_up(self.task.feed.position()).await?;
        Ok(queue)
    }

    /// Applies what of the batches isn't applied yet.
    async fn take(&mut self, batches: &[Batch]) -> Result<(), Broken> {
        let Some(last) = batches.iter().rev().find_map(|batch| batch.last()).map(LogEntry::position) else {
            return Ok(());
        };
        while self.applier.position() < last && !self.task.shutdown.is_cancelled() {
            if !self.may_write(last).await? {
                continue;
            }
            // From here on this process writes; only now is it certain what is applied already.
            let here = self.applier.position();
            let entries: Vec<&LogEntry> = batches
                .iter()
                .flat_map(|batch| batch.iter())
                .filter(|entry| entry.position() > here)
                .collect();
            match entries.first() {
                Some(first) if first.position() > here.next() => {
                    self.catch_up(Position(first.position().0 - 1)).await?;
                }
                Some(_) => {
                    let behind = last < self.task.feed.position();
                    self.write(&entries, if behind { State::CatchingUp } else { State::Live }).await?;
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Reads the log by itself, up to and including `target`; reads on while it writes.
    async fn catch_up(&mut self, target: Position) -> Result<(), Broken> {
        let task = self.task;
        let mut ahead: Option<Batch> = None;
        while self.applier.position() < target && !task.shutdown.is_cancelled() {
            if !self.may_write(target).await? {
                continue;
            }
            let here = self.applier.position();
            let follows = |batch: &Batch| batch.first().is_some_and(|entry| entry.position() == here.next());
            let batch = match ahead.take().filter(follows) {
                Some(batch) => batch,
                None => task.read(here, target).await?,
            };
            let Some(last) = batch.last() else { return Ok(()) };
            let entries: Vec<&LogEntry> = batch.iter().collect();
            let (written, read) =
                tokio::join!(self.write(&entries, State::CatchingUp), task.read(last.position(), target));
            written?;
            ahead = Some(read?);
        }
        Ok(())
    }

    /// Applies entries that follow the checkpoint; if somebody else has moved that, looks again.
    async fn write(&mut self, entries: &[&LogEntry], now: State) -> Result<(), Broken> {
        if let Claim::Live { state, .. } = &mut self.applier.claim {
            *state = now;
        }
        if self.applier.apply(entries).await? == Outcome::Overtaken {
            return self.look_again().await;
        }
        self.tell();
        Ok(())
    }

    /// Reads checkpoint and parking anew, and with them who writes.
    async fn look_again(&mut self) -> Result<(), Broken> {
        let name = self.applier.projection.name();
        let found = Checkpoint::read(&mut self.applier.db, name).await?.ok_or(Broken::Missing)?;
        if found.version != self.applier.projection.version() {
            return Err(Broken::Newer(found.version));
        }
        self.applier.parking = Parking::read(&mut self.applier.db, name).await?;
        let instance = self.task.options.instance;
        let leads = match found.owner {
            Some(owner) => owner == instance,
            // Nobody's: whoever has the lock.
            None => self.lock().await?,
        };
        if self.leads && !leads {
            tracing::info!(projection = name, "another process writes now; standing by");
            self.unlock().await?;
        }
        self.leads = leads;
        if let Claim::Live { checkpoint, .. } = &mut self.applier.claim {
            *checkpoint = found;
        }
        self.tell();
        Ok(())
    }

    /// Whether this process is the one that writes. If another is, waits until that is past `until`
    /// (then there is nothing to write), or makes no headway (then this process takes over).
    async fn may_write(&mut self, until: Position) -> Result<bool, Broken> {
        let name = self.applier.projection.name();
        let mut headway = Instant::now();
        let mut looks = Backoff::new(LOOK, LOOK);
        while !self.leads {
            let before = self.applier.position();
            self.look_again().await?;
            if self.applier.position() >= until || self.task.shutdown.is_cancelled() {
                return Ok(false);
            }
            if self.applier.position() != before {
                headway = Instant::now();
            }
            if self.lock().await? || headway.elapsed() > PATIENCE {
                tracing::info!(projection = name, position = self.applier.position().0, "taking over");
                self.leads = true;
            } else {
                looks.pause().await;
            }
        }
        Ok(true)
    }

    /// What there is to do besides: operators' requests, the state, the lock.
    async fn tidy(&mut self) -> Result<(), Broken> {
        let name = self.applier.projection.name();
        if !self.leads {
            return self.look_again().await;
        }
        let found = Checkpoint::read(&mut self.applier.db, name).await?.ok_or(Broken::Missing)?;
        if matches!(&self.applier.claim, Claim::Live { checkpoint, .. } if *checkpoint != found) {
            // A rebuild's switch, or another process.
            self.look_again().await?;
        }
        // Held while this process lives: others take over at once when it is free.
        self.lock().await?;
        if retry::requested(&mut self.applier, &self.task.options).await? == Outcome::Overtaken {
            return self.look_again().await;
        }
        if self.applier.position() >= self.task.feed.position() {
            checkpoint::tell(&mut self.applier.db, name, self.task.options.instance, State::Live).await?;
        }
        Ok(())
    }

    /// Takes the lock, if it is free; says whether the session has it.
    async fn lock(&mut self) -> Result<bool, sqlx::Error> {
        if !self.locked {
            self.locked = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtextextended($1, 54))")
                .bind(self.applier.projection.name())
                .fetch_one(&mut self.applier.db)
                .await?;
        }
        Ok(self.locked)
    }

    async fn unlock(&mut self) -> Result<(), sqlx::Error> {
        if std::mem::take(&mut self.locked) {
            sqlx::query("SELECT pg_advisory_unlock(hashtextextended($1, 54))")
                .bind(self.applier.projection.name())
                .execute(&mut self.applier.db)
                .await?;
        }
        Ok(())
    }

    fn tell(&self) {
        self.task.progress.reached(self.task.index, self.applier.position());
    }
}

/// A batch, with what else waits already, so that the batches grow with the load.
fn gather(first: Batch, queue: &mut mpsc::Receiver<Batch>) -> Vec<Batch> {
    let mut events = first.len();
    let mut batches = vec![first];
    while events < MOST {
        let Ok(batch) = queue.try_recv() else { break };
        events += batch.len();
        batches.push(batch);
    }
    batches
}
