//! Tokens that were verified, by their hash.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::identity::Principal;
use sha2::{Digest, Sha256};

/// SHA-256 of a token: a memory dump then holds no tokens.
pub(super) type Key = [u8; 32];

#[derive(Clone)]
pub(super) struct Known {
    pub(super) expires: DateTime<Utc>,
    pub(super) principal: Arc<Principal>,
}

pub(super) struct Cache(quick_cache::sync::Cache<Key, Known>);

impl Cache {
    pub(super) fn new(capacity: usize) -> Self {
        Self(quick_cache::sync::Cache::new(capacity))
    }

    pub(super) fn key(token: &str) -> Key {
        Sha256::digest(token.as_bytes()).into()
    }

    pub(super) fn get(&self, key: &Key) -> Option<Known> {
        self.0.get(key)
    }

    pub(super) fn put(&self, key: Key, expires: DateTime<Utc>, principal: Arc<Principal>) {
        self.0.insert(key, Known { expires, principal });
    }

    pub(super) fn clear(&self) {
        self.0.clear();
    }
}
