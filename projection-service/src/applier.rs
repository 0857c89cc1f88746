//! Applies stretches of the log to one projection, each in one transaction with its checkpoint.

use std::sync::Arc;
use std::time::Instant;

use domain::ids::Position;
use event_store::parked;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::checkpoint::{Checkpoint, State};
use crate::cost::Meter;
use crate::entry::LogEntry;
use crate::parking::Parking;
use crate::projections::Projection;

/// One projection's way of writing: its connection, what it leaves out, and its claim to write.
pub(crate) struct Applier {
    pub(crate) projection: &'static dyn Projection,
    pub(crate) db: PgConnection,
    pub(crate) parking: Parking,
    pub(crate) claim: Claim,
    pub(crate) meter: Meter,
}

/// By what right, and until what, an applier writes.
pub(crate) enum Claim {
    /// Into the live tables, as long as nobody else has moved the checkpoint.
    Live { checkpoint: Checkpoint, owner: Uuid, state: State },
    /// Into tables that nobody else knows of yet. What can't be applied is kept here.
    Build { refused: Vec<Refused> },
}

/// An entry that can't be applied, and why.
pub(crate) type Refused = (Arc<event_store::RecordedEvent>, String);

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Applied,
    /// Somebody else has moved the checkpoint: nothing was written.
    Overtaken,
}

impl Applier {
    /// Applies a stretch. What Postgres refuses is narrowed down to the entry that it is about, which
    /// parks its aggregate; everything else is applied.
    pub(crate) async fn apply(&mut self, entries: &[&LogEntry]) -> Result<Outcome, sqlx::Error> {
        let mut stretches = vec![entries];
        while let Some(stretch) = stretches.pop() {
            let outcome = match self.attempt(stretch, None).await {
                Err(error) if refuses_data(&error) => {
                    if self.overtaken().await? {
                        // What is there already was written by somebody else.
                        return Ok(Outcome::Overtaken);
                    }
                    if let [entry] = stretch {
                        self.attempt(stretch, Some((entry, reason(&error)))).await?
                    } else {
                        let (first, second) = stretch.split_at(stretch.len() / 2);
                        stretches.extend([second, first]);
                        continue;
                    }
                }
                other => other?,
            };
            if outcome == Outcome::Overtaken {
                return Ok(outcome);
            }
        }
        Ok(Outcome::Applied)
    }

    /// Applies a stretch in one transaction, but for the entry that is known to be refused.
    async fn attempt<'a>(
        &mut self,
        stretch: &[&'a LogEntry],
        known: Option<(&'a LogEntry, String)>,
    ) -> Result<Outcome, sqlx::Error> {
        let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else {
            return Ok(Outcome::Applied);
        };
        if let Claim::Live { checkpoint, .. } = &self.claim
            && first.position() != checkpoint.position.next()
        {
            return Ok(Outcome::Overtaken);
        }
        let started = Instant::now();
        let name = self.projection.name();
        let mut selection = self.parking.select(stretch);
        if let Some((entry, why)) = known {
            selection.facts.retain(|fact| fact.position() != entry.position().0);
            selection.refused.push((entry, why));
        }
        selection.facts.retain(|fact| self.projection.concerns(fact));
        if selection.facts.is_empty() && selection.refused.is_empty() {
            return self.pass(stretch, last.position(), started).await;
        }
        let mut transaction = self.db.begin().await?;
        let measuring = match &self.claim {
            Claim::Live { .. } => self.meter.begin(&mut transaction).await?,
            Claim::Build { .. } => None,
        };
        if !selection.facts.is_empty() {
            self.projection.apply(&mut transaction, &selection.facts).await?;
        }
        match &mut self.claim {
            Claim::Live { checkpoint, owner, state } => {
                if let Some(measuring) = measuring {
                    self.meter.end(&mut transaction, measuring, stretch.len()).await?;
                }
                for (entry, why) in &selection.refused {
                    parked::park(&mut transaction, name, &entry.envelope, why).await?;
                }
                // Last, so that its lock, which another process may wait for, is held for a moment.
                if !checkpoint.advance(&mut transaction, name, last.position(), *owner, *state).await? {
                    transaction.rollback().await?;
                    return Ok(Outcome::Overtaken);
                }
                transaction.commit().await?;
                checkpoint.position = last.position();
                checkpoint.owner = Some(*owner);
                report(name, stretch, started);
            }
            Claim::Build { refused } => {
                transaction.commit().await?;
                refused.extend(
                    selection
                        .refused
                        .iter()
                        .map(|(entry, why)| (Arc::new(entry.envelope.clone()), why.clone())),
                );
            }
        }
        for (entry, why) in &selection.refused {
            self.parking.park(entry);
            let (kind, id) = entry.stream();
            let (position, event) = (entry.position().0, &entry.envelope.event_type);
            tracing::error!(projection = name, position, event, kind, id, error = why, "parked an aggregate");
        }
        Ok(Outcome::Applied)
    }

    /// Goes past a stretch that has nothing for this projection: one statement.
    async fn pass(
        &mut self,
        stretch: &[&LogEntry],
        last: Position,
        started: Instant,
    ) -> Result<Outcome, sqlx::Error> {
        let Claim::Live { checkpoint, owner, state } = &mut self.claim else { return Ok(Outcome::Applied) };
        let name = self.projection.name();
        if !checkpoint.advance(&mut self.db, name, last, *owner, *state).await? {
            return Ok(Outcome::Overtaken);
        }
        checkpoint.position = last;
        checkpoint.owner = Some(*owner);
        report(name, stretch, started);
        Ok(Outcome::Applied)
    }

    /// Whether somebody else has moved the checkpoint.
    async fn overtaken(&mut self) -> Result<bool, sqlx::Error> {
        let Claim::Live { checkpoint, .. } = &self.claim else { return Ok(false) };
        let found = Checkpoint::read(&mut self.db, self.projection.name()).await?;
        Ok(found.is_none_or(|found| {
            found.position != checkpoint.position || found.generation != checkpoint.generation
        }))
    }

    /// The last position that is applied, of a live projection.
    pub(crate) fn position(&self) -> Position {
        match &self.claim {
            Claim::Live { checkpoint, .. } => checkpoint.position,
            Claim::Build { .. } => Position::START,
        }
    }
}

/// Whether an entry's data is the cause: data exceptions (class 22), violated constraints (23), and
/// values beyond a limit (54). Everything else is the database's state, and passes.
pub(crate) fn refuses_data(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| ["22", "23", "54"].iter().any(|class| code.starts_with(class)))
        }
        sqlx::Error::Encode(_) => true,
        _ => false,
    }
}

/// Why Postgres refused, without the values, which may be somebody's.
pub(crate) fn reason(error: &sqlx::Error) -> String {
    let Some(error) = error.as_database_error() else { return "a value can't be encoded".to_owned() };
    let code = error.code().unwrap_or_default();
    match error.constraint() {
        Some(constraint) => format!("Postgres refuses it: SQLSTATE {code}, constraint {constraint}"),
        None => format!("Postgres refuses it: SQLSTATE {code}"),
    }
}

fn report(projection: &'static str, stretch: &[&LogEntry], started: Instant) {
    metrics::histogram!("docket_projection_apply_seconds", "projection" => projection)
        .record(started.elapsed().as_secs_f64());
    metrics::counter!("docket_projection_events_total", "projection" => projection)
        .increment(stretch.len() as u64);
    if tracing::enabled!(tracing::Level::DEBUG) {
        for entry in stretch {
            let envelope = &entry.envelope;
            tracing::debug!(
                projection,
                position = envelope.position.0,
                event = envelope.event_type,
                trace_id = entry.trace_id(),
                "applied"
            );
        }
    }
}
