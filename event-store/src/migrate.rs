//! The log's tables, roles and functions.

use sqlx::PgPool;

/// The log's tables couldn't be made or brought up to date.
#[derive(Debug, thiserror::Error)]
#[error("the log's migrations failed")]
pub struct MigrateError(#[from] sqlx::migrate::MigrateError);

/// Brings the log's tables up to date. Connect as the owner; running it twice does nothing.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    let mut migrator = sqlx::migrate!("../migrations/log");
    // The read models' migrations are recorded in the same table, under numbers of their own.
    migrator.set_ignore_missing(true);
    Ok(migrator.run(pool).await?)
}
