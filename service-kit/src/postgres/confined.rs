//! Whether a service's login is confined to its role.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};

/// Why a login won't do for a service.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// It doesn't get in, or can't ask.
    #[error("the login {login} for {role} does not get into the database")]
    Database {
        /// The login.
        login: String,
        /// The role that the service acts in.
        role: &'static str,
        /// What Postgres says.
        source: sqlx::Error,
    },
    /// It could do more than its service may.
    #[error(
        "the login {login} for {role} {why}: a service logs in as a role that owns nothing and may become {role} \
         alone, as deploy/README.md says under \"Logins\""
    )]
    Unconfined {
        /// The login.
        login: String,
        /// The role that the service acts in.
        role: &'static str,
        /// What it could do.
        why: String,
    },
}

impl LoginError {
    /// The database wasn't there to be asked; what it would have said isn't known.
    pub fn is_away(&self) -> bool {
        match self {
            // What the server itself says, such as a wrong password, is an answer.
            Self::Database { source, .. } => {
                matches!(source, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut)
                    || source.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(
                        |code| {
                            // Starting up, shutting down, out of connections.
                            code.starts_with("57P") || code.starts_with("53")
                        },
                    )
            }
            Self::Unconfined { .. } => false,
        }
    }
}

/// Fails unless whoever logs in with these options may become `role` and nobody who could do more: then append-only
/// and row-level security bind the service whatever it sends. Connects once.
pub async fn confined(options: &PgConnectOptions, role: &'static str) -> Result<(), LoginError> {
    let login = options.get_username();
    let connected = options.connect().await;
    let mut connection =
        connected.map_err(|source| LoginError::Database { login: login.to_owned(), role, source })?;
    let examined = examine(&mut connection, login, role).await;
    // It has answered; how it takes the farewell is no matter.
    let _ = connection.close().await;
    examined
}

/// The same of a connection, whatever role it has taken.
pub(super) async fn examine(
    connection: &mut PgConnection,
    login: &str,
    role: &'static str,
) -> Result<(), LoginError> {
    let database = |source| LoginError::Database { login: login.to_owned(), role, source };
    let excess = sqlx::query!(
        r#"
        WITH reachable AS (
            SELECT r.*, r.rolname = $1::text AS own
              FROM pg_roles AS r WHERE pg_has_role(session_user, r.oid, 'MEMBER')
        ), owning AS (
            SELECT r.rolname FROM reachable AS r
             WHERE EXISTS (SELECT FROM pg_database WHERE datname = current_database() AND datdba = r.oid)
                OR EXISTS (SELECT FROM pg_namespace WHERE nspname !~ '^pg_' AND nspowner = r.oid
                                                      AND (NOT r.own OR nspname = 'public'))
                OR EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                            WHERE c.relowner = r.oid AND nspname !~ '^pg_' AND (NOT r.own OR nspname = 'public'))
                OR EXISTS (SELECT FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
                            WHERE p.proowner = r.oid AND nspname !~ '^pg_' AND (NOT r.own OR nspname = 'public'))
        )
        SELECT rolname::text AS "name!", rolname = session_user AS "itself!", can AS "can!" FROM (
            SELECT rolname, CASE
                     WHEN rolsuper THEN 'is a superuser'
                     WHEN rolbypassrls THEN 'is not under row-level security'
                     WHEN rolcreaterole THEN 'may give roles to itself'
                     WHEN rolreplication THEN 'may read all that is written'
                     WHEN rolname IN (SELECT rolname FROM owning) THEN 'owns tables, schemas or the database'
                     WHEN rolname IN ('docket_command', 'docket_projection', 'docket_query') AND NOT own
                       THEN 'is the role of another service'
                     WHEN rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files',
                                      'pg_write_server_files', 'pg_execute_server_program')
                       THEN 'is not bound by grants'
                   END AS can
              FROM reachable) AS judged
         WHERE can IS NOT NULL
         ORDER BY rolname <> session_user, rolname LIMIT 1"#,
        role,
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(database)?;
    let member = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1::text AND pg_has_role(session_user, oid, 'MEMBER')) AS "member!""#,
        role,
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(database)?;
    let why = match excess {
        Some(one) if one.itself => one.can,
        Some(one) => format!("may become {}, who {}", one.name, one.can),
        None if member => return Ok(()),
        None => format!("may not become {role}"),
    };
    Err(LoginError::Unconfined { login: login.to_owned(), role, why })
}
