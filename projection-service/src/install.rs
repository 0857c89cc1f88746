//! The read models' tables.

use sqlx::{Executor, PgConnection, PgPool};

use crate::projections::{ALL, Projection, schema};

/// The read models' tables couldn't be made or brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A migration failed.
    #[error("the read models' migrations failed")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A projection's tables couldn't be made.
    #[error("a projection's tables can't be made")]
    Install(#[from] sqlx::Error),
}

/// Brings the read models' tables up to date: run it after the log's, connected as the owner. A new
/// version of a projection that is there is not made here, but built beside it by the runtime.
/// Running it twice does nothing.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    let mut migrator = sqlx::migrate!("../migrations/read");
    // The log's migrations are recorded in the same table, under numbers of their own.
    migrator.set_ignore_missing(true);
    migrator.run(pool).await?;
    let mut transaction = pool.begin().await?;
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('docket.install', 0))")
        .execute(&mut *transaction)
        .await?;
    transaction.execute("SET LOCAL ROLE docket_projection").await?;
    for projection in ALL {
        install(&mut transaction, projection).await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn install(db: &mut PgConnection, projection: &'static dyn Projection) -> Result<(), sqlx::Error> {
    let (name, version, schema) = (projection.name(), projection.version(), schema(projection));
    let added = sqlx::query!(
        "INSERT INTO read.checkpoints (projection, version) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        name,
        version,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE read.checkpoints SET lane = $2 WHERE projection = $1 AND lane <> $2",
        name,
        projection.lane().as_str(),
    )
    .execute(&mut *db)
    .await?;
    if added.rows_affected() == 0 {
        return Ok(());
    }
    let sql = projection.sql();
    make_tables(db, &schema, projection).await?;
    db.execute(sql.indexes).await?;
    secure(db, &schema).await?;
    db.execute(sql.views).await?;
    Ok(())
}

/// Makes a projection's schema with its tables, without what only readers need, and makes it the one
/// that names mean until the transaction ends.
pub(crate) async fn make_tables(
    db: &mut PgConnection,
    schema: &str,
    projection: &dyn Projection,
) -> Result<(), sqlx::Error> {
    // Schemas are named by this crate's constants.
    db.execute(format!("CREATE SCHEMA {schema}").as_str()).await?;
    db.execute(format!("SET LOCAL search_path = {schema}, public").as_str()).await?;
    db.execute(projection.sql().tables).await?;
    Ok(())
}

/// Puts a schema's tables under row-level security.
pub(crate) async fn secure(db: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT read.secure($1::text::regnamespace)", schema).execute(db).await?;
    Ok(())
}
