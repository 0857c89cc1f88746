//! Builds a projection anew beside the one that is being read, and switches.
//!
//! Nobody waits for it: the live one is read and kept up all the while. For the switch its checkpoint
//! is held for as long as the last few events take; then views and schema names change in one
//! transaction. Queries that are under way end on the old tables.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ids::Position;
use domain::ticket::upcast::Upcasters;
use event_store::parked;
use event_store::reader::LogReader;
use serde::Serialize;
use service_kit::wait::Backoff;
use sqlx::{Connection, Executor, PgConnection, PgPool};

use crate::build::{Build, drop_schema};
use crate::checkpoint::Checkpoint;
use crate::connection::connect_unhurried;
use crate::parking::Parking;
use crate::projections::{Projection, named, schema};

/// How few events may be left when the live projection is made to wait for the switch.
const NEAR: i64 = 1_000;

/// How often the old tables are tried to be dropped while queries still read them.
const DROPS: usize = 10;

/// A rebuild that was done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rebuilt {
    /// The projection.
    pub projection: String,
    /// The version that is being read now.
    pub version: i32,
    /// The last event that was in it at the switch.
    pub position: Position,
    /// Aggregates that couldn't be built, and are parked.
    pub parked: usize,
    /// How long it took.
    pub seconds: f64,
}

/// Why a projection wasn't rebuilt. The live one is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// There is none of this name.
    #[error("there is no projection {0:?}; there are {all}", all = names())]
    Unknown(String),
    /// Somebody else is at it.
    #[error("{0} is being rebuilt already")]
    Running(String),
    /// It was never installed.
    #[error("the read models aren't installed")]
    Missing,
    /// The database failed.
    #[error("the database fails")]
    Database(#[from] sqlx::Error),
}

fn names() -> String {
    crate::projections::ALL.map(Projection::name).join(", ")
}

/// Builds the projection from the log and switches to it.
pub async fn rebuild(
    pool: &PgPool,
    reader: &LogReader,
    upcasters: &Arc<Upcasters>,
    name: &str,
) -> Result<Rebuilt, RebuildError> {
    let projection = named(name).ok_or_else(|| RebuildError::Unknown(name.to_owned()))?;
    let mut db = connect_unhurried(pool, "read").await?;
    let free =
        sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock(hashtextextended($1, 55)) AS "free!""#, name)
            .fetch_one(&mut db)
            .await?;
    if !free {
        return Err(RebuildError::Running(name.to_owned()));
    }
    show(&mut db, name, true).await?;
    let built = build_and_switch(pool, &mut db, reader, upcasters, projection).await;
    show(&mut db, name, false).await?;
    // The lock goes with the connection.
    let _ = db.close().await;
    built
}

async fn build_and_switch(
    pool: &PgPool,
    db: &mut PgConnection,
    reader: &LogReader,
    upcasters: &Arc<Upcasters>,
    projection: &'static dyn Projection,
) -> Result<Rebuilt, RebuildError> {
    let started = Instant::now();
    let name = projection.name();
    let parking = Parking::read(db, name).await?.afresh();
    let mut build = Build::begin(pool, projection, format!("{}_next", schema(projection)), parking).await?;
    tracing::info!(projection = name, "rebuilding");
    build.go_to(reader, upcasters, reader.head().await?).await?;
    build.finish_tables().await?;
    loop {
        let head = reader.head().await?;
        let near = head.0 - build.position().0 <= NEAR;
        build.go_to(reader, upcasters, head).await?;
        if near {
            break;
        }
    }
    build.secure().await?;
    let old = switch(db, reader, upcasters, projection, &mut build).await?;
    let rebuilt = Rebuilt {
        projection: name.to_owned(),
        version: projection.version(),
        position: build.position(),
        parked: build.refused().len(),
        seconds: started.elapsed().as_secs_f64(),
    };
    build.close().await;
    drop_old(db, name, &old).await;
    tracing::info!(projection = name, position = rebuilt.position.0, seconds = rebuilt.seconds, "rebuilt");
    Ok(rebuilt)
}

/// Makes the new tables the ones that are read and kept up. Returns the old ones' schema.
async fn switch(
    db: &mut PgConnection,
    reader: &LogReader,
    upcasters: &Arc<Upcasters>,
    projection: &'static dyn Projection,
    build: &mut Build,
) -> Result<String, RebuildError> {
    let (name, version, live) = (projection.name(), projection.version(), schema(projection));
    let mut transaction = db.begin().await?;
    let checkpoint = Checkpoint::lock(&mut transaction, name).await?.ok_or(RebuildError::Missing)?;
    build.go_to(reader, upcasters, checkpoint.position).await?;

    // An operator may have had an event skipped meanwhile; that stays noted, and holds from the next
    // rebuild on. What is parked is what this build refused.
    sqlx::query!("DELETE FROM parked_streams WHERE projection = $1", name).execute(&mut *transaction).await?;
    for (event, why) in build.refused() {
        parked::park(&mut transaction, name, event, why).await?;
    }

    let was = format!("{name}_v{}", checkpoint.version);
    let old = format!("{was}_old");
    drop_schema(&mut transaction, &old).await?;
    // Schemas and views are named by this crate's constants.
    transaction.execute(format!("ALTER SCHEMA {was} RENAME TO {old}").as_str()).await?;
    transaction.execute(format!("ALTER SCHEMA {} RENAME TO {live}", build.schema).as_str()).await?;
    if checkpoint.version != version {
        // Other columns: the view can't just be replaced.
        for view in projection.views() {
            transaction.execute(format!("DROP VIEW IF EXISTS read.{view}").as_str()).await?;
        }
    }
    transaction.execute(format!("SET LOCAL search_path = {live}, public").as_str()).await?;
    transaction.execute(projection.sql().views).await?;
    let switched = sqlx::query!(
        "UPDATE read.checkpoints \
         SET version = $2, position = $3, generation = generation + 1, rebuilding = false, \
             updated_at = now() \
         WHERE projection = $1",
        name,
        version,
        build.position().0,
    )
    .execute(&mut *transaction)
    .await?;
    if switched.rows_affected() != 1 {
        return Err(RebuildError::Missing);
    }
    transaction.commit().await?;
    Ok(old)
}

/// Drops the old tables as soon as no query reads them any more.
async fn drop_old(db: &mut PgConnection, projection: &str, old: &str) {
    let mut pauses = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    for _ in 0..DROPS {
        match drop_schema(db, old).await {
            Ok(()) => return,
            Err(error) => tracing::info!(projection, %error, "the old tables are still being read"),
        }
        pauses.pause().await;
    }
    tracing::warn!(projection, schema = old, "the old tables stay; the next rebuild drops them");
}

/// Shows in the status whether it is being rebuilt.
async fn show(db: &mut PgConnection, projection: &str, rebuilding: bool) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE read.checkpoints SET rebuilding = $2 WHERE projection = $1", projection, rebuilding)
        .execute(db)
        .await?;
    Ok(())
}
