//! As whom the services log in to the database: as roles that own nothing and may become one service's role alone, so
//! that append-only and row-level security bind a service whatever it sends. The owner is for migrations and operators.
//!
//! Where no addresses are given for them, they are made by the owner: a role for each service of each data directory,
//! with a password that is kept there (`logins.json`).

use std::num::NonZeroU32;
use std::str::FromStr;

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::Rng;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Executor, PgConnection, PgPool};

use crate::data_dir::DataDir;
use crate::failure::{Failure, Outcome, While};

/// The services' roles, which `migrations/log` makes.
pub(crate) const ROLES: [&str; 3] = ["docket_command", "docket_projection", "docket_query"];
/// In the data directory.
const FILE: &str = "logins.json";
/// What Postgres itself takes by default. The passwords are random, so more would make nothing harder.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4_096).expect("not zero");

/// How a service gets in.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Login {
    /// By an address of its own.
    Address { url: String },
    /// As this user, where the owner gets in.
    User { user: String, password: String },
}

/// How each service gets in, in the order of [`ROLES`].
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Logins([Login; 3]);

impl std::fmt::Debug for Logins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Logins(…)")
    }
}

impl Logins {
    /// By addresses that an operator has given, in the order of [`ROLES`].
    pub(crate) fn of_addresses(urls: [String; 3]) -> Self {
        Self(urls.map(|url| Login::Address { url }))
    }

    /// Those that this data directory has; made by the owner, and let in with their passwords.
    pub(crate) async fn made_by(owner: &PgPool, dir: &DataDir) -> Result<Self, Failure> {
        let logins = if let Some(logins) = dir.read_json(FILE)? {
            logins
        } else {
            let logins = Self::new();
            // Kept before they are made: who has made them can't be asked for their passwords again.
            dir.write_json(FILE, &logins)?;
            logins
        };
        let mut transaction = owner.begin().await.while_doing("the services' logins cannot be made")?;
        for (role, login) in ROLES.into_iter().zip(&logins.0) {
            let Login::User { user, password } = login else { continue };
            if let Err(error) = let_in(&mut transaction, role, user, password).await {
                return Err(refused(error));
            }
        }
        transaction.commit().await.while_doing("the services' logins cannot be made")?;
        Ok(logins)
    }

    fn new() -> Self {
        let id: u32 = rand::rng().random();
        Self(ROLES.map(|role| Login::User {
            user: format!("{role}_{id:08x}"),
            password: crate::engines::password(),
        }))
    }

    /// How the service of this role gets in.
    pub(crate) fn options(&self, owner_url: &str, role: &str) -> Result<PgConnectOptions, Failure> {
        let place = ROLES.iter().position(|each| *each == role).unwrap_or_default();
        let options = match &self.0[place] {
            Login::Address { url } => PgConnectOptions::from_str(url),
            Login::User { user, password } => {
                PgConnectOptions::from_str(owner_url).map(|owner| owner.username(user).password(password))
            }
        };
        options.while_doing("the database's address cannot be read")
    }

    /// Fails where a login gets nowhere, or further than its service may.
    pub(crate) async fn check(&self, owner_url: &str) -> Outcome {
        for role in ROLES {
            let checked = service_kit::postgres::confined(&self.options(owner_url, role)?, role).await;
            checked.while_doing("a service cannot log in")?;
        }
        Ok(())
    }
}

/// Makes the login if it isn't there, and sets its password; what Postgres is sent is no password.
async fn let_in(db: &mut PgConnection, role: &str, user: &str, password: &str) -> Result<(), sqlx::Error> {
    let there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1::text) AS "there!""#,
        user,
    )
    .fetch_one(&mut *db)
    .await?;
    // The names are ours: letters, digits and _.
    if !there {
        db.execute(format!("CREATE ROLE {user} LOGIN").as_str()).await?;
    }
    db.execute(format!("ALTER ROLE {user} LOGIN PASSWORD '{}'", verifier(password)).as_str()).await?;
    db.execute(format!("GRANT {role} TO {user}").as_str()).await?;
    Ok(())
}

fn refused(error: sqlx::Error) -> Failure {
    let denied = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code == "42501");
    if denied {
        return Failure::said(format!(
            "the owner of the database may not make the logins of the services ({error}): make them as deploy/README.md \
             says under \"Logins\", and give --command-database-url, --projection-database-url and --query-database-url"
        ));
    }
    Failure::Because { what: "the services' logins cannot be made".to_owned(), source: error.into() }
}

/// What Postgres keeps of a password (RFC 5803), so that it never travels.
fn verifier(password: &str) -> String {
    let salt: [u8; 16] = rand::rng().random();
    let mut salted = [0; digest::SHA256_OUTPUT_LEN];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ITERATIONS, &salt, password.as_bytes(), &mut salted);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let stored = digest::digest(&digest::SHA256, hmac::sign(&key, b"Client Key").as_ref());
    let server = hmac::sign(&key, b"Server Key");
    let [salt, stored, server] =
        [&salt[..], stored.as_ref(), server.as_ref()].map(|bytes| STANDARD.encode(bytes));
    format!("SCRAM-SHA-256${ITERATIONS}:{salt}${stored}:{server}")
}
