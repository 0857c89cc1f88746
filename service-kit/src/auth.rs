//! Who calls: bearer tokens, verified by the issuer's published keys.
//!
//! A token is verified once and remembered by its SHA-256 until it expires, so a busy caller costs one
//! signature check. Nothing else identifies a caller: no plain header, ever.

mod cache;
mod claims;
mod dev_issuer;
mod error;
mod jwks;
mod token;

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};
use domain::identity::Principal;
use domain::time::Clock;
use tokio_util::sync::CancellationToken;

pub use claims::Claims;
pub use dev_issuer::{DEV_AUDIENCE, DEV_ISSUER, DevIssuer, DevIssuerError};
pub use error::AuthError;
pub use jwks::JwksSource;

use cache::Cache;
use jwks::Keys;

/// How far clocks may differ.
pub const LEEWAY: Duration = Duration::from_secs(2);

/// One issuer whose tokens are taken.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// `iss`, exactly.
    pub issuer: String,
    /// `aud`, or one of them.
    pub audience: String,
    /// Where its public keys are.
    pub keys: JwksSource,
}

/// Whose tokens are taken.
#[derive(Clone, Debug)]
pub struct AuthConfig {
    /// The issuers, each with its own keys.
    pub issuers: Vec<Issuer>,
    /// How often keys are read again.
    pub refresh: Duration,
    /// How soon after a reading an unknown key makes them be read again.
    pub refresh_at_most: Duration,
    /// How many verified tokens are remembered.
    pub cache: usize,
}

impl AuthConfig {
    /// These issuers, otherwise as usual.
    pub fn new(issuers: Vec<Issuer>) -> Self {
        Self {
            issuers,
            refresh: Duration::from_secs(300),
            refresh_at_most: Duration::from_secs(5),
            cache: 50_000,
        }
    }
}

/// Verifies bearer tokens. Cheap to clone.
#[derive(Clone)]
pub struct Authenticator(Arc<Inner>);

struct Inner {
    issuers: Vec<(Issuer, Keys)>,
    cache: Cache,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.issuers.iter().map(|(issuer, _)| issuer)).finish()
    }
}

impl Authenticator {
    /// Starts reading keys, now and on every interval until `shutdown`. Keys that can't be read yet
    /// are no error here; until they are, callers get 503.
    pub async fn start(config: AuthConfig, clock: Arc<dyn Clock>, shutdown: CancellationToken) -> Self {
        let mut issuers = Vec::with_capacity(config.issuers.len());
        for issuer in config.issuers {
            let keys = Keys::new(issuer.keys.clone(), config.refresh_at_most);
            keys.refresh().await;
            issuers.push((issuer, keys));
        }
        let this = Self(Arc::new(Inner { issuers, cache: Cache::new(config.cache), clock }));
        tokio::spawn(this.clone().keep_fresh(config.refresh, shutdown));
        this
    }

    async fn keep_fresh(self, every: Duration, shutdown: CancellationToken) {
        loop {
            // Soon again while an issuer's keys have never been read.
            let known = self.0.issuers.iter().all(|(_, keys)| keys.known());
            let pause = if known { every } else { Duration::from_secs(1).min(every) };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = crate::wait::pause(pause) => {}
            }
            for (_, keys) in &self.0.issuers {
                if keys.refresh().await {
                    // A key may have been withdrawn: what it signed must be looked at again.
                    self.0.cache.clear();
                }
            }
        }
    }

    /// The caller of a request with these headers.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Arc<Principal>, AuthError> {
        self.verify(bearer(headers)?).await
    }

    /// The principal that a token stands for.
    pub async fn verify(&self, token: &str) -> Result<Arc<Principal>, AuthError> {
        let now = self.0.clock.now();
        let key = Cache::key(token);
        if let Some(known) = self.0.cache.get(&key) {
            return check_time(known.expires, now).map(|()| known.principal);
        }
        let token = token::Token::parse(token)?;
        let (issuer, keys) = self
            .0
            .issuers
            .iter()
            .find(|(issuer, _)| issuer.issuer == token.claims.issuer)
            .ok_or(AuthError::Invalid("its issuer is not known here"))?;
        let found = keys.find(&token).await?;
        token.check_signature(&found)?;
        let expires = token.claims.check(&issuer.audience, now)?;
        let principal = Arc::new(token.claims.principal()?);
        self.0.cache.put(key, expires, principal.clone());
        Ok(principal)
    }
}

/// The bearer token that stands in the header `Authorization`.
pub fn bearer(headers: &HeaderMap) -> Result<&str, AuthError> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (given.next(), given.next()) {
        (None, _) => return Err(AuthError::Missing),
        (Some(value), None) => value.to_str().map_err(|_| AuthError::Invalid("it isn't plain text"))?,
        (Some(_), Some(_)) => return Err(AuthError::Invalid("there is more than one")),
    };
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(AuthError::Missing);
    }
    Ok(token.trim())
}

fn check_time(expires: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), AuthError> {
    if now < expires + LEEWAY { Ok(()) } else { Err(AuthError::Expired) }
}

#[cfg(test)]
mod tests;
