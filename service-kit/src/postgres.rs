//! Connection pools that act as a role and can't hang.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};

/// How long a request waits for a connection, before it is told that the database is away.
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// Options for connections that act as `role` (through the startup option, so that no statement
/// runs before it), with limits so that no statement, transaction or lock can hang.
pub fn options(url: &str, role: Option<&'static str>) -> Result<PgConnectOptions, sqlx::Error> {
    let mut settings = vec![
        ("statement_timeout", "15s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "15s"),
        ("timezone", "UTC"),
    ];
    if let Some(role) = role {
        settings.push(("role", role));
    }
    Ok(PgConnectOptions::from_str(url)?
        .application_name(role.unwrap_or("docket"))
        .statement_cache_capacity(256)
        .options(settings))
}

/// A pool of at most `max` connections. Connects when first used, so a database that isn't there
/// yet is no error here.
pub fn pool(url: &str, role: Option<&'static str>, max: u32) -> Result<PgPool, sqlx::Error> {
    Ok(PgPoolOptions::new()
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
        .connect_lazy_with(options(url, role)?))
}
