//! The private Postgres and nats-server of one data directory, as child processes from the
//! system's packages.
//!
//! They listen on loopback alone, on ports and with passwords that are kept in the data directory
//! (`engines.json`). A child that ends by itself is reported and started again. They end with
//! Docket, however it ends; where one is left behind all the same, the next start stops it.

mod account;
mod find;
mod nats;
mod postgres;
mod process;
mod record;
mod supervisor;

use std::path::PathBuf;

pub(crate) use find::{Binaries, BinaryError};
pub(crate) use nats::{NatsEngine, reload as reload_nats, write_accounts as write_nats_accounts};
pub(crate) use postgres::PostgresEngine;
use record::EnginesRecord;
pub(crate) use record::password;

use crate::data_dir::{DataDir, DataDirError};

/// Where the programs are, if the usual places are not to be searched.
#[derive(Clone, Debug, Default)]
pub(crate) struct Programs {
    /// The directory with `postgres` and `initdb`.
    pub(crate) postgres_bin: Option<PathBuf>,
    /// The `nats-server` program.
    pub(crate) nats_server: Option<PathBuf>,
}

/// Why an engine doesn't start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error(transparent)]
    Binary(#[from] BinaryError),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error("cannot {what} {}", path.display())]
    File { what: &'static str, path: PathBuf, source: std::io::Error },
    #[error("cannot run {program}")]
    Run { program: String, source: std::io::Error },
    #[error("{program} failed: {said}")]
    Failed { program: &'static str, said: String },
    #[error("{program} was ended before it was done: docket was told to stop")]
    Interrupted { program: &'static str },
    #[error(
        "Postgres does not run as root, and there is neither a user `postgres` nor `nobody` to run it as: \
         run docket as an ordinary user"
    )]
    NoAccount,
    #[error(
        "the files of Postgres in {} were made by version {made_by}, and only {found} is installed: \
         install version {made_by}, or set DOCKET_POSTGRES_BIN", dir.display()
    )]
    OtherVersion { dir: PathBuf, made_by: u32, found: String },
    #[error("{} is there, but its password in engines.json is not: put that file back, or use another data directory", dir.display())]
    PasswordLost { dir: PathBuf },
    #[error("{name} does not start; the end of {}: {said}", log.display())]
    NotReady { name: &'static str, log: PathBuf, said: String },
    #[error("Postgres does not let us create the database")]
    Database(#[source] sqlx::Error),
    #[error("process {pid}, left behind by an earlier docket, does not end: end it, and start again")]
    LeftBehind { pid: u32 },
}

/// What stands in `engines.json`, read and made complete.
pub(crate) fn record(dir: &DataDir) -> Result<EnginesRecord, EngineError> {
    EnginesRecord::load_or_create(dir)
}
