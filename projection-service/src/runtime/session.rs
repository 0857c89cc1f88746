//! A projection's work on one connection: it follows the feed, or stands by while another process
//! writes.

use std::time::Duration;

use chrono::TimeDelta;
use domain::ids::Position;
use domain::time::Clock;
use service_kit::clock::SystemClock;
use service_kit::wait::{Backoff, pause};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use super::task::{Broken, Task};
use super::{TIDY, retry};
use crate::applier::{Applier, Claim, Outcome};
use crate::checkpoint::{self, Checkpoint, State};
use crate::entry::{Batch, LogEntry};
use crate::lane::Lane;
use crate::parking::Parking;

/// What a large batch is.
const LARGE: usize = 64;

/// How often a lane that gives way looks whether it may go on, and the longest that it gives way.
const WAY: Duration = Duration::from_millis(50);
const LONGEST_WAY: Duration = Duration::from_secs(3);

/// How often a process that stands by looks how far the one that writes is.
const LOOK: Duration = Duration::from_millis(10);

/// A task's work on one connection.
pub(super) struct Session<'a> {
    pub(super) task: &'a Task,
    pub(super) applier: Applier,
    /// This process writes; otherwise it stands by.
    pub(super) leads: bool,
    /// The session has the lock that says that the projection's writer lives.
    pub(super) locked: bool,
}

impl Session<'_> {
    pub(super) async fn work(&mut self) -> Result<(), Broken> {
        let mut tidy = interval(TIDY);
        tidy.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut queue = self.join().await?;
        let mut rested = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = self.task.shutdown.cancelled() => return Ok(()),
                batch = queue.recv() => match batch {
                    Some(batch) => {
                        let lane = self.lane();
                        let batches = gather(batch, &mut queue, rested, lane.stretch()).await;
                        self.take(&batches).await?;
                        rested = Instant::now() + lane.rest();
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
        tokio::select! {
            () = self.task.feed.begun() => {}
            () = self.task.shutdown.cancelled() => {}
        }
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
                    let task = self.task;
                    let turn = if takes_turns(&entries, self.lane()) {
                        task.turn.acquire().await.ok()
                    } else {
                        None
                    };
                    let (began, head) = (Instant::now(), self.head());
                    self.write(&entries, if behind { State::CatchingUp } else { State::Live }).await?;
                    if turn.is_some() && self.head() > head {
                        pause(began.elapsed()).await;
                    }
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

    fn lane(&self) -> Lane {
        self.applier.projection.lane()
    }

    /// Lets the first lane go before this one while it is behind, but not for ever.
    async fn give_way(&self) {
        let until = Instant::now() + LONGEST_WAY;
        while self.lane().gives_way() && self.task.progress.is_late() && Instant::now() < until {
            if self.task.shutdown.run_until_cancelled(pause(WAY)).await.is_none() {
                return;
            }
        }
    }

    /// Applies entries that follow the checkpoint; if somebody else has moved that, looks again.
    async fn write(&mut self, entries: &[&LogEntry], now: State) -> Result<(), Broken> {
        self.give_way().await;
        if let Claim::Live { state, .. } = &mut self.applier.claim {
            *state = now;
        }
        if self.applier.apply(entries).await? == Outcome::Overtaken {
            return self.look_again().await;
        }
        if let Some(last) = entries.last().filter(|_| !self.lane().gives_way()) {
            self.task.progress.applied(self.task.index, age(last));
        }
        self.tell();
        Ok(())
    }

    /// Reads the checkpoint anew, and with it who writes; for the one that writes, what is parked too.
    pub(super) async fn look_again(&mut self) -> Result<(), Broken> {
        let name = self.applier.projection.name();
        let found = Checkpoint::read(&mut self.applier.db, name).await?.ok_or(Broken::Missing)?;
        if found.version != self.applier.projection.version() {
            return Err(Broken::Version(found.version));
        }
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
        if leads {
            self.applier.parking = Parking::read(&mut self.applier.db, name).await?;
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
            if self.lock().await? || headway.elapsed() > self.lane().patience() {
                tracing::info!(projection = name, position = self.applier.position().0, "taking over");
                self.applier.parking = Parking::read(&mut self.applier.db, name).await?;
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
        self.applier.meter.save(&mut self.applier.db, name).await?;
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
            self.locked = sqlx::query_scalar!(
                r#"SELECT pg_try_advisory_lock(hashtextextended($1, 54)) AS "free!""#,
                self.applier.projection.name(),
            )
            .fetch_one(&mut self.applier.db)
            .await?;
        }
        Ok(self.locked)
    }

    async fn unlock(&mut self) -> Result<(), sqlx::Error> {
        if std::mem::take(&mut self.locked) {
            sqlx::query_scalar!(
                "SELECT pg_advisory_unlock(hashtextextended($1, 54))",
                self.applier.projection.name(),
            )
            .fetch_one(&mut self.applier.db)
            .await?;
        }
        Ok(())
    }

    /// The head of the log, if a writer in this process tells it.
    fn head(&self) -> Position {
        self.task.options.wake.as_ref().map_or(Position::START, |head| *head.borrow())
    }

    fn tell(&self) {
        self.task.progress.reached(self.task.index, self.applier.position());
    }
}

/// Under load, commands come first: while a lane is hardly behind, large batches are applied by one of its
/// projections at a time, and where this process appends meanwhile, each is followed by a rest as long; so
/// that together they take no more than half a processor. Further behind, they take what they get.
fn takes_turns(entries: &[&LogEntry], lane: Lane) -> bool {
    entries.len() >= LARGE && entries.first().is_some_and(|first| age(first) < lane.unhurried())
}

/// For how long an entry has been in the log.
fn age(entry: &LogEntry) -> TimeDelta {
    SystemClock.now() - entry.envelope.recorded_at
}

/// A batch, with what else waits already or comes until then, so that the batches grow with the load.
async fn gather(first: Batch, queue: &mut mpsc::Receiver<Batch>, until: Instant, most: usize) -> Vec<Batch> {
    let mut events = first.len();
    let mut batches = vec![first];
    while events < most {
        let Ok(Some(batch)) = timeout_at(until, queue.recv()).await else { break };
        events += batch.len();
        batches.push(batch);
    }
    batches
}
