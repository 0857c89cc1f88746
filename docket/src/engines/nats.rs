//! The private nats-server.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use service_kit::wait::until;

use super::supervisor::{Program, Supervisor};
use super::{EngineError, EnginesRecord, Programs, find, process};
use crate::consumers::{self, OWNER, Registered, Registry, User};
use crate::data_dir::{DataDir, write_private};

/// The settings that we give to a nats-server for Docket, ours or another.
const SETTINGS: &str = include_str!("../../../deploy/nats/docket.conf");
/// Beside the settings: who may connect. It changes while the server runs.
const ACCOUNTS: &str = "accounts.conf";
/// The user that may do nothing, with another password each time: it tells which accounts the server has read.
const MARK: &str = "mark";
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at whether it is up.
const PAUSE: Duration = Duration::from_millis(20);
const STOP: [(Signal, Duration); 2] =
    [(Signal::TERM, Duration::from_secs(10)), (Signal::KILL, Duration::from_secs(5))];

/// The running server.
pub(crate) struct NatsEngine {
    supervisor: Supervisor,
    url: String,
}

impl NatsEngine {
    /// Starts it and waits until it answers.
    pub(crate) async fn start(dir: &DataDir, programs: &Programs) -> Result<Self, EngineError> {
        let (dir, programs) = (dir.clone(), programs.clone());
        let prepared = tokio::task::spawn_blocking(move || prepare(&dir, &programs)).await;
        let joined = prepared
            .map_err(|error| EngineError::Run { program: "a thread".to_owned(), source: error.into() });
        let (server, record) = joined??;
        let engine = Self { supervisor: Supervisor::start(server, &STOP)?, url: record.nats_url() };
        engine.until_ready().await?;
        Ok(engine)
    }

    /// The address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Stops it, by force where asking doesn't help.
    pub(crate) async fn stop(self) {
        self.supervisor.stop().await;
    }

    async fn until_ready(&self) -> Result<(), EngineError> {
        let attempt = || async {
            match crate::nats::connect(&self.url).await {
                Ok(_) => Some(Ok(())),
                Err(_) => self.supervisor.check_starting().err().map(Err),
            }
        };
        until(PATIENCE, PAUSE, attempt).await.unwrap_or_else(|_| Err(self.supervisor.not_ready()))
    }
}

/// What it takes to start the server.
struct Server {
    program: PathBuf,
    dir: DataDir,
}

impl Server {
    fn config(&self) -> PathBuf {
        config(&self.dir)
    }
}

impl Program for Server {
    const NAME: &'static str = "nats-server";

    fn clear(&self) -> Result<(), EngineError> {
        let Some(pid) = self.dir.noted_pid(Self::NAME) else { return Ok(()) };
        process::end_left_behind(pid, &self.config().to_string_lossy(), &STOP)
    }

    fn command(&self) -> Command {
        let mut command = process::bound_to_us(&self.program, "TERM");
        command.arg("--config").arg(self.config()).current_dir("/");
        command
    }

    fn log(&self) -> PathBuf {
        self.dir.log_file(Self::NAME)
    }

    fn started(&self, pid: u32) {
        self.dir.note_pid(Self::NAME, pid);
    }
}

fn prepare(dir: &DataDir, programs: &Programs) -> Result<(Server, EnginesRecord), EngineError> {
    let server = Server { program: find::nats_server(programs)?, dir: dir.clone() };
    let mut record = super::record(dir)?;
    server.clear()?;
    record.settle_nats_port(dir)?;
    let home = dir.path().join("nats");
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(home.join("jetstream"));
    made.map_err(|source| EngineError::File { what: "create", path: home.clone(), source })?;
    keep_the_stream(&home);
    write_accounts(dir, Registry::read(dir)?.all())?;
    let ours = format!(
        "\n# Ours\nlisten: \"127.0.0.1:{}\"\nserver_name: docket\njetstream: {{ store_dir: {:?} }}\ninclude {ACCOUNTS:?}\n",
        record.nats_port,
        home.join("jetstream").to_string_lossy(),
    );
    write_private(&server.config(), format!("{SETTINGS}{ours}").as_bytes())?;
    Ok((server, record))
}

/// The stream was in the account of those without one, before there were accounts.
fn keep_the_stream(home: &Path) {
    let store = home.join("jetstream").join("jetstream");
    let (before, now) = (store.join("$G"), store.join(OWNER));
    if before.is_dir() && !now.exists() {
        // Where it can't be taken over it is built anew, as any stream that is gone.
        let _ = std::fs::rename(before, now);
    }
}

/// Writes the accounts that the server is to have. Gives an address that it knows from when it has read them.
pub(crate) fn write_accounts(dir: &DataDir, consumers: &[Registered]) -> Result<String, EngineError> {
    let record = super::record(dir)?;
    let mark = super::password();
    let text = consumers::accounts(
        &User { name: EnginesRecord::USER, password: &record.nats_password },
        &User { name: MARK, password: &mark },
        consumers,
    );
    write_private(&dir.path().join("nats").join(ACCOUNTS), text.as_bytes())?;
    Ok(record.nats_url_of(MARK, &mark))
}

/// Has the server read its configuration anew, if it runs.
pub(crate) fn reload(dir: &DataDir) {
    let Some(pid) = dir.noted_pid(Server::NAME) else { return };
    let config = config(dir);
    let ours = process::command_line(pid).is_some_and(|line| line.contains(&*config.to_string_lossy()));
    if ours && let Err(error) = process::send(pid, Signal::HUP) {
        tracing::warn!(pid, %error, "nats-server cannot be signalled");
    }
}

fn config(dir: &DataDir) -> PathBuf {
    dir.path().join("nats").join("docket.conf")
}
