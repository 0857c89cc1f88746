//! Connection pools that act as a role and can't hang.

mod confined;

pub use confined::{LoginError, confined};

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};

/// How long a request waits for a connection, before it is told that the database is away.
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// Options for connections that act as `role` (through the startup option, so that no statement
/// runs before it), with limits so that no statement, transaction or lock can hang.
pub fn options(url: &str, role: Option<&'static str>) -> Result<PgConnectOptions, sqlx::Error> {
    Ok(bounded(PgConnectOptions::from_str(url)?, role))
}

/// The same for somebody who is known already.
pub fn bounded(login: PgConnectOptions, role: Option<&'static str>) -> PgConnectOptions {
    let mut settings = vec![
        ("statement_timeout", "15s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "15s"),
        ("timezone", "UTC"),
        // Not "$user" first: whoever may make schemas could put tables of their own before the log's.
        ("search_path", "public"),
    ];
    if let Some(role) = role {
        settings.push(("role", role));
    }
    login.application_name(role.unwrap_or("docket")).statement_cache_capacity(256).options(settings)
}

/// A pool of at most `max` connections. Connects when first used, so a database that isn't there
/// yet is no error here.
pub fn pool(url: &str, role: Option<&'static str>, max: u32) -> Result<PgPool, sqlx::Error> {
    Ok(pool_of(PgConnectOptions::from_str(url)?, role, max))
}

/// The same for somebody who is known already.
pub fn pool_of(login: PgConnectOptions, role: Option<&'static str>, max: u32) -> PgPool {
    pool_options(max).connect_lazy_with(bounded(login, role))
}

/// A service's pool, of a login that is [`confined()`] to its role: fails where the database says that it isn't. A
/// database that isn't there yet is no error: then each connection is looked at as it is made.
pub async fn confined_pool(url: &str, role: &'static str, max: u32) -> Result<PgPool, ServicePoolError> {
    let login = PgConnectOptions::from_str(url)?;
    let name = login.get_username().to_owned();
    let options = bounded(login, Some(role));
    match confined(&options, role).await {
        Err(error) if error.is_away() => tracing::warn!(%error, "the database isn't there yet"),
        examined => examined?,
    }
    let pool = pool_options(max).after_connect(move |connection, _| {
        let name = name.clone();
        Box::pin(async move {
            let examined = confined::examine(connection, &name, role).await;
            examined.map_err(|error| sqlx::Error::Configuration(Box::new(error)))
        })
    });
    Ok(pool.connect_lazy_with(options))
}

/// Why a service has no pool.
#[derive(Debug, thiserror::Error)]
pub enum ServicePoolError {
    /// The address can't be read.
    #[error("the database's address cannot be read")]
    Address(#[from] sqlx::Error),
    /// Its login won't do.
    #[error(transparent)]
    Login(#[from] LoginError),
}

fn pool_options(max: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(max)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .max_lifetime(Duration::from_secs(30 * 60))
        // A ping before each use would double the round trips; one after a rest finds the dead.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(
                async move { Ok(meta.idle_for < Duration::from_secs(1) || connection.ping().await.is_ok()) },
            )
        })
}
