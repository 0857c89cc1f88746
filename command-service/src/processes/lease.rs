//! Which instance does a process's work: a lease in Postgres, by Postgres' clock. It spares work; that
//! nothing is done twice doesn't hang on it.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::Instant;

/// An instance's claim to a process's work.
pub(super) struct Lease {
    pool: PgPool,
    process: &'static str,
    instance: String,
    length: Duration,
    /// By our clock, counted from before the lease was asked for, so that it ends early rather than late.
    until: Option<Instant>,
}

impl Lease {
    pub(super) fn new(pool: PgPool, process: &'static str, instance: String, length: Duration) -> Self {
        Self { pool, process, instance, length, until: None }
    }

    /// Whether this instance is to work now: takes the lease if nobody has it, and keeps it.
    pub(super) async fn hold(&mut self) -> Result<bool, sqlx::Error> {
        let asked = Instant::now();
        if self.until.is_some_and(|until| until > asked + self.length * 2 / 3) {
            return Ok(true);
        }
        let held = sqlx::query_scalar!(
            "INSERT INTO process_leases AS l (process, instance, lease_until) \
             VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3)) \
             ON CONFLICT (process) DO UPDATE \
                SET instance = $2, lease_until = clock_timestamp() + make_interval(secs => $3) \
              WHERE l.lease_until < clock_timestamp() OR l.instance = $2 \
             RETURNING process",
            self.process,
            self.instance,
            self.length.as_secs_f64(),
        )
        .fetch_optional(&self.pool)
        .await?;
        self.until = held.map(|_| asked + self.length);
        Ok(self.until.is_some())
    }

    /// Lets another instance go on at once.
    pub(super) async fn let_go(&mut self) -> Result<(), sqlx::Error> {
        if self.until.take().is_some() {
            sqlx::query!(
                "DELETE FROM process_leases WHERE process = $1 AND instance = $2",
                self.process,
                self.instance,
            )
            .execute(&self.pool)
            .await?;
        }
        Ok(())
    }
}
