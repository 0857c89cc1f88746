//! Connections to the database, for commands.

use std::time::Duration;

use service_kit::postgres;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool};

use crate::failure::{Failure, While};
use crate::instance::Target;

/// How long a command waits for a connection: an operator has more patience than a request.
const PATIENCE: Duration = Duration::from_secs(60);

/// A small pool of the owner's that has answered once.
pub(crate) async fn connect(owner_url: &str, most: u32) -> Result<PgPool, Failure> {
    let options = postgres::options(owner_url, None).while_doing("the database's address cannot be read")?;
    answering(options, most).await
}

/// The same in a service's role: logged in as the service is, where that is known, else as the owner.
pub(crate) async fn connect_as(target: &Target, role: &'static str, most: u32) -> Result<PgPool, Failure> {
    let options = match &target.logins {
        Some(logins) => postgres::bounded(logins.options(&target.database_url, role)?, Some(role)),
        None => postgres::options(&target.database_url, Some(role))
            .while_doing("the database's address cannot be read")?,
    };
    answering(options, most).await
}

async fn answering(options: PgConnectOptions, most: u32) -> Result<PgPool, Failure> {
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
    let options =
        postgres::options(url, None).while_doing("the database's address cannot be read")?.options([
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
