//! How far the read models and the log are, for those who wait until they are further.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use domain::ids::Position;
use service_kit::wait::pause;
use sqlx::PgPool;
use tokio::sync::Mutex;

use crate::snapshot::{ReadModel, Source};

/// How old a look may be.
const FRESH: Duration = Duration::from_millis(3);
/// Between two looks of one who waits.
const POLL: Duration = Duration::from_millis(4);

/// Looks at the checkpoints for all who wait together, so that many of them cost as much as one.
pub(crate) struct Progress {
    pool: PgPool,
    seen: Mutex<Option<Seen>>,
}

struct Seen {
    at: Instant,
    models: HashMap<String, i64>,
    log: i64,
}

impl Progress {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, seen: Mutex::new(None) }
    }

    /// Waits until `source` has reached `wanted`; `false` if it hasn't by the deadline.
    pub(crate) async fn reaches(
        &self,
        source: Source,
        wanted: Position,
        deadline: Instant,
    ) -> Result<bool, sqlx::Error> {
        loop {
            if self.position(source).await? >= wanted {
                return Ok(true);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            pause(POLL.min(left)).await;
        }
    }

    /// How far `source` is, as of a few milliseconds ago at most.
    pub(crate) async fn position(&self, source: Source) -> Result<Position, sqlx::Error> {
        let mut seen = self.seen.lock().await;
        let fresh = seen.take().filter(|seen| seen.at.elapsed() < FRESH);
        let now = match fresh {
            Some(seen) => seen,
            None => self.look().await?,
        };
        let position = match source {
            Source::Log => now.log,
            Source::Models(models) => now.least(models),
        };
        *seen = Some(now);
        Ok(Position(position))
    }

    async fn look(&self) -> Result<Seen, sqlx::Error> {
        let rows = sqlx::query!(
            r#"SELECT projection AS "projection!", position AS "position!" FROM read.checkpoints
               UNION ALL SELECT '', log_position()"#,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut models: HashMap<_, _> = rows.into_iter().map(|row| (row.projection, row.position)).collect();
        let log = models.remove("").unwrap_or(0);
        Ok(Seen { at: Instant::now(), models, log })
    }
}

impl Seen {
    fn least(&self, models: &[ReadModel]) -> i64 {
        let position = |model: &ReadModel| self.models.get(model.checkpoint()).copied().unwrap_or(0);
        models.iter().map(position).min().unwrap_or(0)
    }
}
