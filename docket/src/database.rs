//! Connections to the database, for commands.

use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::{ConnectOptions, Connection, PgPool};

use crate::failure::{Failure, While};

/// How long a command waits for a connection: an operator has more patience than a request.
const PATIENCE: Duration = Duration::from_secs(60);

/// A small pool, as the owner or in a service's role, that has answered once.
pub(crate) async fn connect(url: &str, role: Option<&'static str>, most: u32) -> Result<PgPool, Failure> {
    let options =
        service_kit::postgres::options(url, role).while_doing("the database's address cannot be read")?;
    // Asked once by itself: a pool would try for as long as its patience lasts.
    let answered = options.connect().await;
    let first = answered
        .while_doing("the database does not answer: see that it runs, and that --database-url is right")?;
    // It has answered; how it takes the farewell is no matter.
    let _ = first.close().await;
    Ok(PgPoolOptions::new().max_connections(most).acquire_timeout(PATIENCE).connect_lazy_with(options))
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
