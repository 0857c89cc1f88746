//! How far a projection is, and who may move it on.

use domain::ids::Position;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// A projection's checkpoint as it was read. Moving it on is conditional on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) version: i32,
    pub(crate) position: Position,
    /// The process that moved it last.
    pub(crate) owner: Option<Uuid>,
    pub(crate) generation: i64,
}

/// What a projection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    CatchingUp,
    Live,
    Stopped,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::CatchingUp => "catching_up",
            Self::Live => "live",
            Self::Stopped => "stopped",
        }
    }
}

impl Checkpoint {
    /// Reads it; `None` if the projection was never installed.
    pub(crate) async fn read(db: impl PgExecutor<'_>, projection: &str) -> Result<Option<Self>, sqlx::Error> {
        let row = sqlx::query!(
            "SELECT version, position, owner, generation FROM read.checkpoints WHERE projection = $1",
            projection,
        )
        .fetch_optional(db)
        .await?;
        Ok(row.map(|row| Self {
            version: row.version,
            position: Position(row.position),
            owner: row.owner,
            generation: row.generation,
        }))
    }

    /// Reads it and keeps everybody else from moving it until the transaction ends.
    pub(crate) async fn lock(db: &mut PgConnection, projection: &str) -> Result<Option<Self>, sqlx::Error> {
        sqlx::query_scalar!(
            "SELECT position FROM read.checkpoints WHERE projection = $1 FOR UPDATE",
            projection,
        )
        .fetch_optional(&mut *db)
        .await?;
        Self::read(&mut *db, projection).await
    }

    /// Moves it to `position`, unless somebody else has moved it since it was read: then false, and
    /// the transaction must be rolled back.
    pub(crate) async fn advance(
        &self,
        db: &mut PgConnection,
        projection: &str,
        position: Position,
        owner: Uuid,
        state: State,
    ) -> Result<bool, sqlx::Error> {
        let moved = sqlx::query!(
            "UPDATE read.checkpoints \
             SET position = $2, owner = $3, state = $4, updated_at = now() \
             WHERE projection = $1 AND position = $5 AND generation = $6 AND version = $7",
            projection,
            position.0,
            owner,
            state.as_str(),
            self.position.0,
            self.generation,
            self.version,
        )
        .execute(db)
        .await?;
        Ok(moved.rows_affected() == 1)
    }
}

/// Says what the projection is at, if this process is the one that moves it, or nobody is: who holds
/// the projection's lock then takes it over, also while there is nothing to move.
pub(crate) async fn tell(
    db: &mut PgConnection,
    projection: &str,
    owner: Uuid,
    state: State,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE read.checkpoints SET state = $3, owner = $2, updated_at = now() \
         WHERE projection = $1 AND (owner IS NULL OR (owner = $2 AND state <> $3))",
        projection,
        owner,
        state.as_str(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lets go of the projection, so that another process can go on at once.
pub(crate) async fn let_go(db: &mut PgConnection, projection: &str, owner: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE read.checkpoints SET state = $3, owner = NULL, updated_at = now() \
         WHERE projection = $1 AND owner = $2",
        projection,
        owner,
        State::Stopped.as_str(),
    )
    .execute(db)
    .await?;
    Ok(())
}
