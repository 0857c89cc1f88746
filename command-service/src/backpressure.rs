//! Bulk work waits for the read models that people stand in front of.
//!
//! Whoever brings many commands at once (an import, the demo, `POST /v1/commands`) is slowed as soon as the
//! first lane of read models is behind, so that what single commands do is still seen at once. Single commands
//! are never slowed by it.

use std::time::Duration;

use service_kit::wait::pause;
use sqlx::PgPool;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How far the first lane may be behind while bulk work goes on.
pub const BEHIND: Duration = Duration::from_secs(1);
/// How old a look may be.
const FRESH: Duration = Duration::from_millis(100);
/// Between two looks of work that waits.
const LOOK: Duration = Duration::from_millis(100);
/// The longest that a piece of work waits: read models that never catch up are no reason to stand still.
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks how far the read models are behind.
#[derive(Debug)]
pub struct Backpressure {
    pool: PgPool,
    seen: Mutex<Option<(Instant, Duration)>>,
}

impl Backpressure {
    /// Looks through this pool, as a role that may read the log and the checkpoints.
    pub fn new(pool: PgPool) -> Self {
        Self { pool, seen: Mutex::new(None) }
    }

    /// How long the oldest event has been in the log that the first lane doesn't show yet. None where nobody
    /// keeps it up: then there is nothing to wait for.
    pub async fn behind(&self) -> Result<Duration, sqlx::Error> {
        let mut seen = self.seen.lock().await;
        if let Some((at, behind)) = *seen
            && at.elapsed() < FRESH
        {
            return Ok(behind);
        }
        let seconds = sqlx::query_scalar!(
            r#"SELECT coalesce(extract(epoch FROM clock_timestamp() - oldest.recorded_at), 0)::float8 AS "seconds!"
               FROM (SELECT min(position) AS position FROM read.checkpoints
                     WHERE lane = 'interactive' AND owner IS NOT NULL
                       AND updated_at > now() - interval '10 seconds') AS shown
               LEFT JOIN events AS oldest ON oldest.position = shown.position + 1"#,
        )
        .fetch_one(&self.pool)
        .await?;
        let behind = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        *seen = Some((Instant::now(), behind));
        Ok(behind)
    }

    /// Whether bulk work has to wait at this moment. Where that can't be found out it hasn't: whatever is wrong
    /// with the database, the work itself will tell.
    pub async fn holds_back(&self) -> bool {
        self.behind().await.is_ok_and(|behind| behind > BEHIND)
    }

    /// Waits until bulk work may go on.
    pub async fn wait(&self) {
        let until = Instant::now() + PATIENCE;
        while self.holds_back().await && Instant::now() < until {
            pause(LOOK).await;
        }
    }
}
