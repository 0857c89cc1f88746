//! An issuer's public keys, read from a file or an address, and read again when they may have changed.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use super::AuthError;
use super::token::Token;

/// Where an issuer's key set (RFC 7517) is.
#[derive(Clone, Debug)]
pub enum JwksSource {
    /// A file.
    File(PathBuf),
    /// An http or https address.
    Url(String),
    /// Given, once and for all.
    Given(JwkSet),
}

/// The largest key set that is read.
const LARGEST: usize = 1024 * 1024;

#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("the file can't be read: {0}")]
    File(#[from] std::io::Error),
    #[error("the address doesn't answer: {0}")]
    Http(#[from] reqwest::Error),
    #[error("it is no key set: {0}")]
    Form(#[from] serde_json::Error),
    #[error("it is larger than 1 MiB")]
    TooLarge,
}

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    public: DecodingKey,
}

/// The keys of one issuer.
pub(super) struct Keys {
    source: JwksSource,
    at_most: Duration,
    current: RwLock<Option<Current>>,
    last_read: Mutex<Option<Instant>>,
}

struct Current {
    set: Vec<Value>,
    keys: Arc<[Key]>,
}

impl Keys {
    pub(super) fn new(source: JwksSource, at_most: Duration) -> Self {
        Self { source, at_most, current: RwLock::new(None), last_read: Mutex::new(None) }
    }

    /// The keys have been read at least once.
    pub(super) fn known(&self) -> bool {
        self.current.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Reads the keys again; tells whether they changed. On failure the former ones stay.
    pub(super) async fn refresh(&self) -> bool {
        let mut last_read = self.last_read.lock().await;
        let changed = self.read_again().await;
        *last_read = Some(Instant::now());
        changed
    }

    /// The keys that may have signed a token. An unknown key id makes the set be read again, but
    /// not more often than configured, whatever tokens are sent.
    pub(super) async fn find(&self, token: &Token<'_>) -> Result<Vec<DecodingKey>, AuthError> {
        let found = self.fitting(token)?;
        if !found.is_empty() {
            return Ok(found);
        }
        let mut last_read = self.last_read.lock().await;
        if last_read.is_none_or(|last| last.elapsed() >= self.at_most) {
            self.read_again().await;
            *last_read = Some(Instant::now());
        }
        drop(last_read);
        let found = self.fitting(token)?;
        if found.is_empty() { Err(AuthError::Invalid("its key is not known here")) } else { Ok(found) }
    }

    fn fitting(&self, token: &Token<'_>) -> Result<Vec<DecodingKey>, AuthError> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let keys = &current.as_ref().ok_or(AuthError::KeysUnavailable)?.keys;
        let fits = |key: &&Key| {
            key.algorithm == token.algorithm && (token.key_id.is_none() || key.id == token.key_id)
        };
        Ok(keys.iter().filter(fits).map(|key| key.public.clone()).collect())
    }

    async fn read_again(&self) -> bool {
        match self.read().await {
            Ok(set) => {
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                if current.as_ref().is_some_and(|current| current.set == set) {
                    return false;
                }
                let keys = set.iter().filter_map(usable).collect();
                *current = Some(Current { set, keys });
                true
            }
            Err(error) => {
                tracing::warn!(source = ?self.source, %error, "an issuer's keys can't be read");
                false
            }
        }
    }

    async fn read(&self) -> Result<Vec<Value>, ReadError> {
        /// Each key by itself: one of a kind that isn't known must not hide the others.
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let bytes = match &self.source {
            JwksSource::File(path) => tokio::fs::read(path).await?,
            JwksSource::Url(url) => fetch(url).await?,
            JwksSource::Given(set) => serde_json::to_vec(set)?,
        };
        Ok(serde_json::from_slice::<Set>(&bytes)?.keys)
    }
}

async fn fetch(url: &str) -> Result<Vec<u8>, ReadError> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
    let mut response = client.get(url).send().await?.error_for_status()?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST {
            return Err(ReadError::TooLarge);
        }
    }
    Ok(bytes)
}

/// A key for signatures of a kind that is taken here.
fn usable(value: &Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
    if jwk.common.public_key_use.as_ref().is_some_and(|used| *used != PublicKeyUse::Signature) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        _ => return None,
    };
    let named = jwk.common.key_algorithm.as_ref().map(ToString::to_string);
    let fits = matches!(
        (algorithm, named.as_deref()),
        (_, None)
            | (Algorithm::EdDSA, Some("EdDSA" | "Ed25519"))
            | (Algorithm::ES256, Some("ES256"))
            | (Algorithm::RS256, Some("RS256"))
    );
    if !fits {
        return None;
    }
    Some(Key { id: jwk.common.key_id.clone(), algorithm, public: DecodingKey::from_jwk(&jwk).ok()? })
}
