//! How commands find the running instance: `instance.json` in its data directory.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::data_dir::{DataDir, DataDirError};
use crate::failure::Failure;
use crate::logins::Logins;
use crate::settings::Settings;

/// In the data directory.
const FILE: &str = "instance.json";

/// What `docket up` tells other commands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Instance {
    /// Where it answers.
    pub(crate) url: String,
    /// Its process.
    pub(crate) pid: u32,
    /// Its cell.
    pub(crate) cell: String,
    /// The owner's address of its Postgres.
    pub(crate) database_url: String,
    /// Postgres is its own.
    pub(crate) own_postgres: bool,
    /// The address of its nats-server.
    pub(crate) nats_url: String,
    /// nats-server is its own.
    pub(crate) own_nats: bool,
    /// Whether tokens of the data directory's own issuer are taken.
    #[serde(default = "always")]
    pub(crate) development_tokens: bool,
    /// As whom its services log in.
    #[serde(default)]
    pub(crate) logins: Option<Logins>,
}

/// As it was before it could be otherwise.
fn always() -> bool {
    true
}

impl Instance {
    /// Lets other commands find it.
    pub(crate) fn publish(&self, dir: &DataDir) -> Result<(), DataDirError> {
        dir.write_json(FILE, self)
    }

    /// Nothing is to be found there any more.
    pub(crate) fn withdraw(dir: &DataDir) {
        // Without a holder of the lock it means nothing, so failing is no matter.
        let _ = std::fs::remove_file(dir.path().join(FILE));
    }

    /// The one that runs on this directory.
    pub(crate) fn running(dir: &DataDir) -> Result<Option<Self>, DataDirError> {
        if !dir.is_locked() {
            return Ok(None);
        }
        dir.read_json(FILE)
    }

    /// The one that runs, or a failure that says what to do.
    pub(crate) fn find(data_dir: &Path) -> Result<(DataDir, Self), Failure> {
        let not_running = || {
            Failure::said(format!("docket does not run on {}: start it with `docket up`", data_dir.display()))
        };
        let dir = match DataDir::open(data_dir) {
            Err(DataDirError::Missing(_)) => return Err(not_running()),
            opened => opened?,
        };
        let instance = Self::running(&dir)?.ok_or_else(not_running)?;
        Ok((dir, instance))
    }
}

/// The servers that a command works on: named by settings, else the running instance's.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The owner's address.
    pub(crate) database_url: String,
    /// As whom services log in; without any the owner acts in their roles.
    pub(crate) logins: Option<Logins>,
    pub(crate) nats_url: Option<String>,
    pub(crate) cell: String,
}

impl Target {
    pub(crate) fn of(settings: &Settings) -> Result<Self, Failure> {
        if let Some(database_url) = &settings.database_url {
            return Ok(Self {
                database_url: database_url.clone(),
                logins: settings.logins.clone(),
                nats_url: settings.nats_url.clone(),
                cell: settings.cell.clone(),
            });
        }
        let (_, instance) = Instance::find(&settings.data_dir).map_err(|failure| {
            Failure::said(format!("{}, or name a database with --database-url", failure.line()))
        })?;
        Ok(Self {
            database_url: instance.database_url,
            logins: instance.logins,
            nats_url: Some(instance.nats_url),
            cell: instance.cell,
        })
    }
}
