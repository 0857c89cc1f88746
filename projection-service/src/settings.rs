//! The service's settings: `DOCKET_<NAME>` in the environment, or the key `<name>` of the file
//! `docket.toml` (or the one that `DOCKET_CONFIG` names).

use serde::Deserialize;
use service_kit::config::{self, ConfigError};

const NAMES: &[&str] = &["database_url", "nats_url", "listen", "cell", "connections", "metrics_token"];

/// Everything that can be set.
#[derive(Debug, Deserialize)]
pub(crate) struct Settings {
    /// The database of log and read models.
    pub(crate) database_url: String,
    /// NATS; without it the log is polled.
    #[serde(default)]
    pub(crate) nats_url: Option<String>,
    /// Where health and metrics are served.
    #[serde(default = "listen")]
    pub(crate) listen: String,
    /// The cell: which stream.
    #[serde(default = "cell")]
    pub(crate) cell: String,
    /// How many connections to the database for reading, besides one for each projection.
    #[serde(default = "connections")]
    pub(crate) connections: u32,
    /// Who presents it (Bearer) reads `/metrics` from another machine: 32 characters or more.
    #[serde(default)]
    pub(crate) metrics_token: Option<String>,
}

impl Settings {
    pub(crate) fn read() -> Result<Self, ConfigError> {
        let file = std::env::var("DOCKET_CONFIG").unwrap_or_else(|_| "docket.toml".to_owned());
        config::Settings::new(NAMES).file(file).read()
    }
}

fn listen() -> String {
    "0.0.0.0:8080".to_owned()
}

fn cell() -> String {
    "main".to_owned()
}

fn connections() -> u32 {
    4
}
