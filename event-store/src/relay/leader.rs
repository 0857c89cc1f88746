//! Who leads: a lease in Postgres, by Postgres' clock, with a fencing token.
//!
//! An advisory lock alone wouldn't do: a leader that is paused (SIGSTOP, a stalled machine) keeps
//! its session and with it the lock. The lease of a paused leader runs out, another takes over with
//! a higher term, and the first finds on waking that its own time is up. What it had already handed
//! to the network is refused by the stream, whose last sequence is no longer the expected one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::ids::Position;
use sqlx::PgPool;
use tokio::time::Instant;

use crate::pause::pause;

/// Leadership, as long as the lease holds.
pub(crate) struct Lease {
    pool: PgPool,
    cell: String,
    length: Duration,
    /// The fencing token.
    pub(crate) term: i64,
    /// By our clock, counted from before the lease was asked for, so it ends early rather than late.
    until: Mutex<Instant>,
}

/// What the table says of the stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorded {
    /// The stream's incarnation; 0 if there never was one.
    pub(crate) epoch: i64,
    /// How far the stream was acknowledged in this epoch; it may be further.
    pub(crate) position: i64,
    /// An operator wants the stream anew.
    pub(crate) reset: bool,
}

/// Why the lease isn't ours any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeaseError {
    #[error("another instance leads now")]
    Lost,
    #[error("the lease can't be kept in Postgres")]
    Postgres(#[from] sqlx::Error),
}

impl Lease {
    /// Takes the lease if nobody holds it. The same instance takes its own over at once.
    pub(crate) async fn take(
        pool: &PgPool,
        cell: &str,
        instance: &str,
        length: Duration,
    ) -> Result<Option<Self>, sqlx::Error> {
        let asked = Instant::now();
        let term = sqlx::query_scalar!(
            "INSERT INTO relay_state AS s (cell, term, leader, lease_until)
             VALUES ($1, 1, $2, clock_timestamp() + make_interval(secs => $3))
             ON CONFLICT (cell) DO UPDATE
                SET term = s.term + 1, leader = $2, updated_at = clock_timestamp(),
                    lease_until = clock_timestamp() + make_interval(secs => $3)
              WHERE s.lease_until IS NULL OR s.lease_until < clock_timestamp() OR s.leader = $2
             RETURNING term",
            cell,
            instance,
            length.as_secs_f64(),
        )
        .fetch_optional(pool)
        .await?;
        Ok(term.map(|term| Self {
            pool: pool.clone(),
            cell: cell.to_owned(),
            length,
            term,
            until: Mutex::new(asked + length),
        }))
    }

    /// Whether it still holds, by our clock.
    pub(crate) fn holds(&self) -> bool {
        Instant::now() < *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Renews it, noting how far the stream is, if that is known. Tells whether an operator wants
    /// the stream anew.
    pub(crate) async fn renew(&self, position: Option<Position>) -> Result<bool, LeaseError> {
        let asked = Instant::now();
        let reset = sqlx::query_scalar!(
            "UPDATE relay_state
                SET lease_until = clock_timestamp() + make_interval(secs => $3),
                    position = coalesce($4, position), updated_at = clock_timestamp()
              WHERE cell = $1 AND term = $2
             RETURNING reset",
            self.cell,
            self.term,
            self.length.as_secs_f64(),
            position.map(|position| position.0),
        )
        .fetch_optional(&self.pool)
        .await?;
        let reset = reset.ok_or(LeaseError::Lost)?;
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = asked + self.length;
        Ok(reset)
    }

    /// Renews it until that fails.
    pub(crate) async fn keep(&self) -> LeaseError {
        loop {
            pause(self.length / 6).await;
            match self.renew(None).await {
                Ok(_) => {}
                Err(LeaseError::Postgres(error)) if self.holds() => {
                    tracing::debug!(%error, "the relay's lease wasn't renewed yet");
                }
                Err(error) => return error,
            }
        }
    }

    /// What the table says of the stream.
    pub(crate) async fn recorded(&self) -> Result<Recorded, sqlx::Error> {
        sqlx::query_as!(
            Recorded,
            "SELECT epoch, position, reset FROM relay_state WHERE cell = $1",
            self.cell,
        )
        .fetch_one(&self.pool)
        .await
    }

    /// Begins a new epoch. Written before the stream is touched: who isn't the leader any more
    /// fails here.
    pub(crate) async fn begin_epoch(&self, epoch: i64) -> Result<(), LeaseError> {
        let begun = sqlx::query!(
            "UPDATE relay_state
                SET epoch = $3, position = 0, reset = false, updated_at = clock_timestamp()
              WHERE cell = $1 AND term = $2",
            self.cell,
            self.term,
            epoch,
        )
        .execute(&self.pool)
        .await?;
        if begun.rows_affected() == 1 { Ok(()) } else { Err(LeaseError::Lost) }
    }

    /// Gives it up, so that another needn't wait until it runs out.
    pub(crate) async fn release(self, position: Option<Position>) {
        let released = sqlx::query!(
            "UPDATE relay_state
                SET lease_until = NULL, leader = NULL, position = coalesce($3, position),
                    updated_at = clock_timestamp()
              WHERE cell = $1 AND term = $2",
            self.cell,
            self.term,
            position.map(|position| position.0),
        )
        .execute(&self.pool)
        .await;
        if let Err(error) = released {
            tracing::debug!(%error, "the relay's lease was not released; it will run out");
        }
    }
}
