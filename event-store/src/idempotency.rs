//! Answers by idempotency key.

use std::time::Duration;

use domain::ids::{Position, TenantId, UserId, Version};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::error::LogError;
use crate::log::EventLog;
use crate::pause::pause;

/// What a command with an idempotency key was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredAnswer {
    /// SHA-256 of the request: another hash is another request with the same key.
    pub request_hash: [u8; 32],
    /// The aggregate that it was about.
    pub aggregate_id: String,
    /// The version after it.
    pub version: Version,
    /// The position of its last event.
    pub position: Position,
    /// The HTTP status.
    pub status: u16,
    /// The rest of the answer.
    pub answer: serde_json::Value,
}

impl EventLog {
    /// The answer that was given to this key, if any. A look-up before deciding saves the
    /// decision; the append checks again, so a race is answered right all the same.
    pub async fn answer_for(
        &self,
        tenant: TenantId,
        user: &UserId,
        key: &str,
    ) -> Result<Option<StoredAnswer>, LogError> {
        let row = sqlx::query!(
            "SELECT request_hash, aggregate_id, version, position, status, answer
               FROM idempotency_keys
              WHERE tenant_id = $1 AND user_id = $2 AND key = $3",
            tenant.0,
            user.as_str(),
            key,
        )
        .fetch_optional(self.pool())
        .await
        .map_err(LogError::of)?;
        let Some(row) = row else { return Ok(None) };
        let unreadable = |_| LogError::of(sqlx::Error::Decode("a request's hash isn't one".into()));
        Ok(Some(StoredAnswer {
            request_hash: row.request_hash.try_into().map_err(unreadable)?,
            aggregate_id: row.aggregate_id,
            version: Version(row.version),
            position: Position(row.position),
            status: row.status as u16,
            answer: row.answer,
        }))
    }
}

impl EventLog {
    /// Removes idempotency keys past their time. It is done now and then by itself.
    pub async fn prune_keys(&self) -> Result<u64, LogError> {
        prune_some(self.pool(), self.keep_keys()).await.map_err(LogError::of)
    }
}

/// How many keys one statement prunes, so that it never holds anything for long.
const PRUNED_AT_ONCE: i64 = 5000;

/// Removes keys past their time, every ten minutes, until the shutdown.
pub(crate) async fn prune(pool: PgPool, keep: Duration, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = pause(Duration::from_secs(600)) => {}
        }
        loop {
            match prune_some(&pool, keep).await {
                Ok(pruned) if pruned >= PRUNED_AT_ONCE as u64 => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "old idempotency keys weren't pruned");
                    break;
                }
            }
        }
    }
}

/// Removes some of the keys that are older than `keep`, 24 hours at least. Returns how many. The database does it,
/// by age alone: the service itself may delete none.
pub(crate) async fn prune_some(pool: &PgPool, keep: Duration) -> Result<u64, sqlx::Error> {
    let pruned = sqlx::query_scalar!(
        r#"SELECT prune_idempotency_keys(make_interval(secs => $1), $2) AS "pruned!""#,
        keep.as_secs_f64(),
        PRUNED_AT_ONCE,
    )
    .fetch_one(pool)
    .await?;
    Ok(pruned as u64)
}
