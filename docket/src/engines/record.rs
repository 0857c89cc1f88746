//! `engines.json`: what must stay the same between runs.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::EngineError;
use crate::data_dir::DataDir;

/// In the data directory.
const FILE: &str = "engines.json";
/// Ports below those that systems hand out by themselves, so that no outgoing connection takes
/// one while an engine is restarted.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// Ports, passwords and places. Readable for the owner of the data directory alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct EnginesRecord {
    pub(crate) postgres_port: u16,
    pub(crate) postgres_password: String,
    /// Where the files of Postgres are, if not in the data directory: see [`super::account`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) postgres_dir: Option<PathBuf>,
    pub(crate) nats_port: u16,
    pub(crate) nats_password: String,
}

impl EnginesRecord {
    /// The user name on both engines.
    pub(crate) const USER: &'static str = "docket";

    pub(super) fn load_or_create(dir: &DataDir) -> Result<Self, EngineError> {
        if let Some(record) = dir.read_json::<Self>(FILE)? {
            return Ok(record);
        }
        let record = Self {
            postgres_port: 0,
            postgres_password: password(),
            postgres_dir: None,
            nats_port: 0,
            nats_password: password(),
        };
        record.save(dir)?;
        Ok(record)
    }

    pub(super) fn save(&self, dir: &DataDir) -> Result<(), EngineError> {
        Ok(dir.write_json(FILE, self)?)
    }

    /// Nothing was started with it yet.
    pub(super) fn is_new(&self) -> bool {
        self.postgres_port == 0
    }

    /// Keeps the port of Postgres if it is free, and chooses another where it is not.
    pub(super) fn settle_postgres_port(&mut self, dir: &DataDir) -> Result<(), EngineError> {
        let port = free_port(self.postgres_port, self.nats_port);
        if port == self.postgres_port {
            return Ok(());
        }
        self.postgres_port = port;
        self.save(dir)
    }

    /// The same for nats-server.
    pub(super) fn settle_nats_port(&mut self, dir: &DataDir) -> Result<(), EngineError> {
        let port = free_port(self.nats_port, self.postgres_port);
        if port == self.nats_port {
            return Ok(());
        }
        self.nats_port = port;
        self.save(dir)
    }

    pub(crate) fn postgres_url(&self, database: &str) -> String {
        let (user, password, port) = (Self::USER, &self.postgres_password, self.postgres_port);
        format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}")
    }

    pub(crate) fn nats_url(&self) -> String {
        self.nats_url_of(Self::USER, &self.nats_password)
    }

    /// The address with another user.
    pub(super) fn nats_url_of(&self, user: &str, password: &str) -> String {
        format!("nats://{user}:{password}@127.0.0.1:{}", self.nats_port)
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn free_port(preferred: u16, taken: u16) -> u16 {
    if preferred != 0 && preferred != taken && is_free(preferred) {
        return preferred;
    }
    let mut rng = rand::rng();
    loop {
        let port = rng.random_range(PORTS);
        if port != taken && is_free(port) {
            return port;
        }
    }
}

/// A secret of 32 letters and digits.
pub(crate) fn password() -> String {
    rand::rng().sample_iter(rand::distr::Alphanumeric).take(32).map(char::from).collect()
}
