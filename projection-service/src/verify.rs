//! Whether the read models are what the log makes of them.

use std::sync::Arc;

use domain::ids::Position;
use domain::ticket::upcast::Upcasters;
use event_store::reader::LogReader;
use serde::Serialize;
use sqlx::{Connection, PgConnection, PgPool};

use crate::build::{Build, drop_schema};
use crate::checkpoint::Checkpoint;
use crate::connection::connect_unhurried;
use crate::parking::Parking;
use crate::projections::{ALL, Projection, named, schema};
use crate::rebuild::RebuildError;

/// How many differing rows are shown.
const SHOWN: i64 = 3;

/// A table that differs from what the log makes of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The projection.
    pub projection: &'static str,
    /// Its table.
    pub table: &'static str,
    /// The position at which both were compared.
    pub position: Position,
    /// Rows in the live table.
    pub live_rows: i64,
    /// Rows in the rebuilt one.
    pub rebuilt_rows: i64,
    /// Some rows that are only in the live table. They may hold personal data.
    pub only_live: Vec<String>,
    /// Some rows that are only in the rebuilt one. They may hold personal data.
    pub only_rebuilt: Vec<String>,
}

/// Compares every table of every projection with one that is built from zero, at the projection's own
/// position. The live projections go on but for the moments of comparing.
pub async fn verify(pool: &PgPool) -> Result<Vec<Difference>, RebuildError> {
    verify_with(pool, &Arc::new(Upcasters::default())).await
}

/// The same, with the upcasters that the live projections use.
pub async fn verify_with(pool: &PgPool, upcasters: &Arc<Upcasters>) -> Result<Vec<Difference>, RebuildError> {
    let mut differences = Vec::new();
    for projection in ALL {
        differences.extend(compare_one(pool, upcasters, projection).await?);
    }
    Ok(differences)
}

/// Compares one projection's tables with such as are built from zero.
pub async fn compare(
    pool: &PgPool,
    upcasters: &Arc<Upcasters>,
    name: &str,
) -> Result<Vec<Difference>, RebuildError> {
    let projection = named(name).ok_or_else(|| RebuildError::Unknown(name.to_owned()))?;
    compare_one(pool, upcasters, projection).await
}

async fn compare_one(
    pool: &PgPool,
    upcasters: &Arc<Upcasters>,
    projection: &'static dyn Projection,
) -> Result<Vec<Difference>, RebuildError> {
    let (name, reader) = (projection.name(), LogReader::new(pool.clone()));
    let mut db = connect_unhurried(pool, "read").await?;
    let present = Checkpoint::read(&mut db, name).await?.ok_or(RebuildError::Missing)?;
    let parking = Parking::read(&mut db, name).await?;
    let scratch = sqlx::query_scalar!(
        r#"SELECT $1::text || '_scratch_' || pg_backend_pid() AS "scratch!""#,
        schema(projection),
    )
    .fetch_one(&mut db)
    .await?;
    let mut build = Build::begin(pool, projection, scratch.clone(), parking).await?;
    let outcome = async {
        build.go_to(&reader, upcasters, present.position).await?;
        let mut transaction = db.begin().await?;
        let held = Checkpoint::lock(&mut transaction, name).await?.ok_or(RebuildError::Missing)?;
        build.go_to(&reader, upcasters, held.position).await?;
        let mut differences = Vec::new();
        for table in projection.tables() {
            let tables = Tables { live: schema(projection), rebuilt: scratch.clone(), table };
            if let Some(difference) = tables.compare(&mut transaction, name, held.position).await? {
                differences.push(difference);
            }
        }
        transaction.rollback().await?;
        Ok(differences)
    }
    .await;
    build.close().await;
    drop_schema(&mut db, &scratch).await?;
    let _ = db.close().await;
    outcome
}

/// A table in two schemas, which are named by this crate's constants.
struct Tables {
    live: String,
    rebuilt: String,
    table: &'static str,
}

impl Tables {
    async fn compare(
        &self,
        db: &mut PgConnection,
        projection: &'static str,
        position: Position,
    ) -> Result<Option<Difference>, sqlx::Error> {
        let live = checksum(db, &self.live, self.table).await?;
        let rebuilt = checksum(db, &self.rebuilt, self.table).await?;
        if live == rebuilt {
            return Ok(None);
        }
        Ok(Some(Difference {
            projection,
            table: self.table,
            position,
            live_rows: live.0,
            rebuilt_rows: rebuilt.0,
            only_live: only_in(db, &self.live, &self.rebuilt, self.table).await?,
            only_rebuilt: only_in(db, &self.rebuilt, &self.live, self.table).await?,
        }))
    }
}

/// The number of rows, and a sum over them that doesn't depend on their order.
async fn checksum(db: &mut PgConnection, schema: &str, table: &str) -> Result<(i64, String), sqlx::Error> {
    let sql = format!(
        "SELECT count(*), coalesce(sum(hashtextextended(row::text, 0)::numeric), 0)::text \
         FROM {schema}.{table} AS row"
    );
    sqlx::query_as(&sql).fetch_one(db).await
}

async fn only_in(
    db: &mut PgConnection,
    these: &str,
    those: &str,
    table: &str,
) -> Result<Vec<String>, sqlx::Error> {
    let sql = format!(
        "SELECT row::text FROM {these}.{table} AS row EXCEPT ALL \
         SELECT row::text FROM {those}.{table} AS row LIMIT $1"
    );
    sqlx::query_scalar(&sql).bind(SHOWN).fetch_all(db).await
}
