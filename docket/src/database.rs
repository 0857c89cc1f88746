//! Connections to the database, for commands.

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::failure::{Failure, While};

/// A small pool, as the owner or in a service's role, that has answered once.
pub(crate) async fn connect(url: &str, role: Option<&'static str>, most: u32) -> Result<PgPool, Failure> {
    let pool =
        service_kit::postgres::pool(url, role, most).while_doing("the database's address cannot be read")?;
    sqlx::query_scalar!("SELECT 1")
        .fetch_one(&pool)
        .await
        .while_doing("the database does not answer: see that it runs, and that --database-url is right")?;
    Ok(pool)
}

/// A pool for work that takes as long as it takes: migrations, rebuilds.
pub(crate) async fn connect_patiently(url: &str) -> Result<PgPool, Failure> {
    let options = service_kit::postgres::options(url, None)
        .while_doing("the database's address cannot be read")?
        .options([
            ("statement_timeout", "0"),
            ("lock_timeout", "60s"),
            ("idle_in_transaction_session_timeout", "0"),
        ]);
    PgPoolOptions::new()
        .max_connections(4)
        .connect_with(options)
        .await
        .while_doing("the database does not answer: see that it runs, and that --database-url is right")
}
