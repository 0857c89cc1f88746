//! The service's settings: `DOCKET_<NAME>` in the environment, or the key `<name>` of the file
//! `docket.toml` (or the one that `DOCKET_CONFIG` names).

use serde::Deserialize;
use service_kit::auth::{Issuer, JwksSource};
use service_kit::config::{self, ConfigError};
use service_kit::http::PeerKey;

const NAMES: &[&str] = &[
    "database_url",
    "nats_url",
    "listen",
    "cell",
    "relay",
    "timers",
    "connections",
    "jwt_issuer",
    "jwt_audience",
    "jwt_keys",
    "behind_proxy",
    "peer_secret",
    "metrics_token",
];

/// Everything that can be set.
#[derive(Debug, Deserialize)]
pub(crate) struct Settings {
    /// The log's database.
    pub(crate) database_url: String,
    /// NATS; without it this process relays nothing.
    #[serde(default)]
    pub(crate) nats_url: Option<String>,
    /// Where to listen.
    #[serde(default = "listen")]
    pub(crate) listen: String,
    /// The cell: which stream.
    #[serde(default = "cell")]
    pub(crate) cell: String,
    /// Whether this process may relay events to NATS.
    #[serde(default = "on")]
    pub(crate) relay: bool,
    /// Whether this process may raise what is due. It needs the read models, in the same database.
    #[serde(default = "on")]
    pub(crate) timers: bool,
    /// How many connections to the database.
    #[serde(default = "connections")]
    pub(crate) connections: u32,
    jwt_issuer: String,
    #[serde(default = "audience")]
    jwt_audience: String,
    /// The issuer's key set: an http(s) address, or a file.
    jwt_keys: String,
    /// A proxy stands before the service and says where requests come from.
    #[serde(default)]
    pub(crate) behind_proxy: bool,
    /// The same for all services of a cell, 32 characters or more: those who have it are believed where
    /// callers are on whose behalf they ask.
    #[serde(default)]
    peer_secret: Option<String>,
    /// Who presents it (Bearer) reads `/metrics` from another machine: 32 characters or more.
    #[serde(default)]
    pub(crate) metrics_token: Option<String>,
}

impl Settings {
    pub(crate) fn read() -> Result<Self, ConfigError> {
        let file = std::env::var("DOCKET_CONFIG").unwrap_or_else(|_| "docket.toml".to_owned());
        config::Settings::new(NAMES).file(file).read()
    }

    /// The key that the services of the cell share.
    pub(crate) fn peer_key(&self) -> Result<Option<PeerKey>, String> {
        match &self.peer_secret {
            Some(secret) if secret.chars().count() < 32 => {
                Err("peer_secret: takes 32 characters or more".to_owned())
            }
            secret => Ok(secret.as_ref().map(PeerKey::new)),
        }
    }

    pub(crate) fn issuer(&self) -> Issuer {
        let keys = if self.jwt_keys.starts_with("http://") || self.jwt_keys.starts_with("https://") {
            JwksSource::Url(self.jwt_keys.clone())
        } else {
            JwksSource::File(self.jwt_keys.clone().into())
        };
        Issuer { issuer: self.jwt_issuer.clone(), audience: self.jwt_audience.clone(), keys }
    }
}

fn listen() -> String {
    "0.0.0.0:8080".to_owned()
}

fn cell() -> String {
    "main".to_owned()
}

fn on() -> bool {
    true
}

fn connections() -> u32 {
    16
}

fn audience() -> String {
    "docket".to_owned()
}
