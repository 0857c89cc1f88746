//! One query, one read-only transaction under the caller's tenant.
//!
//! The transaction sees one snapshot of the database, taken by its first statement, which reads the
//! checkpoint as well: the position that an answer names is exactly the one that its rows reflect.

use domain::ids::{Position, TenantId};
use service_kit::shares::Share;
use sqlx::{PgPool, Postgres, Transaction};

/// A read model, by the name of its checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadModel {
    TicketList,
    Conversation,
    Activity,
    QueueCounts,
    Search,
    Sla,
    Stats,
    Tenants,
}

impl ReadModel {
    /// The checkpoint's name.
    pub(crate) fn checkpoint(self) -> &'static str {
        match self {
            Self::TicketList => "ticket_list",
            Self::Conversation => "conversation",
            Self::Activity => "activity",
            Self::QueueCounts => "queue_counts",
            Self::Search => "search",
            Self::Sla => "sla",
            Self::Stats => "stats",
            Self::Tenants => "tenants",
        }
    }
}

/// Where an answer is read from, and so how far it reaches.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// These read models: as far as the one that is furthest behind.
    Models(&'static [ReadModel]),
    /// The log itself: all that was committed.
    Log,
}

/// An open transaction, as docket_query under one tenant.
pub(crate) struct Snapshot {
    /// The transaction.
    pub(crate) tx: Transaction<'static, Postgres>,
    /// The position that it reflects; of a ticket that is parked, the last before what isn't shown of it.
    pub(crate) position: Position,
    /// The share of connections that it is, given back when it ends.
    share: Option<Share>,
    /// The read models that it is read from.
    pub(crate) models: &'static [ReadModel],
}

/// Begins a transaction in a task of its own, which goes on where the caller is dropped: sqlx takes a `BEGIN` that
/// is broken off for none at all, and would give the connection, inside a transaction, to the next one, who would see
/// the past.
async fn begun(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    let beginning = async move { pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await };
    tokio::spawn(beginning).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

impl Snapshot {
    /// Opens a transaction on things as they are now.
    pub(crate) async fn begin(pool: &PgPool, tenant: TenantId, source: Source) -> Result<Self, sqlx::Error> {
        let mut tx = begun(pool).await?;
        let tenant = tenant.to_string();
        let position = match source {
            Source::Models(models) => {
                let names: Vec<_> = models.iter().map(|model| model.checkpoint()).collect();
                // A read model without a checkpoint has seen nothing yet.
                let row = sqlx::query!(
                    r#"SELECT set_config('docket.tenant', $1, true),
                              CASE WHEN count(*) = cardinality($2::text[]) THEN min(position) ELSE 0 END
                              AS "position!"
                       FROM read.checkpoints WHERE projection = ANY($2)"#,
                    tenant,
                    names as _,
                );
                row.fetch_one(&mut *tx).await?.position
            }
            Source::Log => {
                let row = sqlx::query!(
                    r#"SELECT set_config('docket.tenant', $1, true), log_position() AS "position!""#,
                    tenant,
                );
                row.fetch_one(&mut *tx).await?.position
            }
        };
        let models = match source {
            Source::Models(models) => models,
            Source::Log => &[],
        };
        Ok(Self { position: Position(position), tx, share: None, models })
    }

    /// Holds a share as long as it is open.
    pub(crate) fn hold(&mut self, share: Share) {
        self.share = Some(share);
    }

    /// Whether somebody waits for the share that it holds.
    pub(crate) fn is_wanted(&self) -> bool {
        self.share.as_ref().is_some_and(Share::is_wanted)
    }

    /// Ends the transaction.
    pub(crate) async fn close(self) -> Result<(), sqlx::Error> {
        self.tx.commit().await
    }
}
