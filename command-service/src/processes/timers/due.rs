//! What the read model says is due.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ids::{TenantId, TicketId};
use service_kit::wait::until;
use sqlx::PgPool;
use uuid::Uuid;

/// A ticket for which something is due.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) ticket_id: Uuid,
    pub(super) tenant_id: Uuid,
    /// What the read model shows.
    pub(super) next_at: DateTime<Utc>,
    /// The time: the earlier of both clocks.
    pub(super) now: DateTime<Utc>,
}

impl Due {
    pub(super) fn ticket(&self) -> TicketId {
        TicketId(self.ticket_id)
    }

    pub(super) fn tenant(&self) -> TenantId {
        TenantId(self.tenant_id)
    }
}

/// The next tickets after `last`, in the order in which things fall due.
pub(super) async fn page(
    pool: &PgPool,
    clock: DateTime<Utc>,
    last: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Due>, sqlx::Error> {
    let (after, ticket) = last.unwrap_or((DateTime::UNIX_EPOCH, Uuid::nil()));
    sqlx::query_as!(
        Due,
        r#"SELECT ticket_id AS "ticket_id!", tenant_id AS "tenant_id!", next_at AS "next_at!",
                  least($1, now()) AS "now!"
           FROM read.sla_timers
           WHERE next_at < least($1, now()) AND (next_at, ticket_id) > ($2, $3)
           ORDER BY next_at, ticket_id LIMIT $4"#,
        clock,
        after,
        ticket,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// Waits until the read model shows what is in the log now, so that what fell due while nothing ran is
/// raised in its order. If that takes too long, what it shows is raised, and the rest later.
pub(super) async fn caught_up(pool: &PgPool, patience: Duration) -> Result<(), sqlx::Error> {
    let head = sqlx::query_scalar!(r#"SELECT log_position() AS "head!""#).fetch_one(pool).await?;
    let shows = || async {
        let at = sqlx::query_scalar!("SELECT position FROM read.checkpoints WHERE projection = 'sla'")
            .fetch_optional(pool)
            .await;
        match at {
            Ok(position) => (position.unwrap_or_default() >= head).then_some(Ok(())),
            Err(error) => Some(Err(error)),
        }
    };
    match until(patience, Duration::from_millis(50), shows).await {
        Ok(shown) => shown,
        Err(late) => {
            tracing::warn!(%late, head, "the read model sla is behind; what it doesn't show yet is raised later");
            Ok(())
        }
    }
}
