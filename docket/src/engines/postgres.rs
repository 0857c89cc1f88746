//! The private Postgres.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use service_kit::wait::until;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};
use tokio_util::sync::CancellationToken;

use super::account::{self, Account};
use super::supervisor::{Program, Supervisor};
use super::{Binaries, EngineError, EnginesRecord, Programs, find, process};
use crate::data_dir::DataDir;

/// The database in it.
const DATABASE: &str = "docket";
/// The settings that we give to a Postgres for Docket, ours or another.
const SETTINGS: &str = include_str!("../../../deploy/postgres/docket.conf");
/// How long a start may take: a recovery after a crash replays up to `max_wal_size`.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at whether it is up.
const PAUSE: Duration = Duration::from_millis(20);
/// Fast shutdown, then without a checkpoint, then by force.
const STOP: [(Signal, Duration); 3] = [
    (Signal::INT, Duration::from_secs(30)),
    (Signal::QUIT, Duration::from_secs(10)),
    (Signal::KILL, Duration::from_secs(5)),
];

/// The running server.
pub(crate) struct PostgresEngine {
    supervisor: Supervisor,
    url: String,
}

impl PostgresEngine {
    /// Starts it, with a new database on the first run, and waits until it answers.
    /// When `stop` comes while the database is made: [`EngineError::Interrupted`].
    pub(crate) async fn start(
        dir: &DataDir,
        programs: &Programs,
        stop: &CancellationToken,
    ) -> Result<Self, EngineError> {
        let server = {
            let (dir, programs, stop) = (dir.clone(), programs.clone(), stop.clone());
            blocking(move || prepare(&dir, &programs, &stop)).await?
        };
        let record = super::record(dir)?;
        let supervisor = Supervisor::start(server, &STOP)?;
        let engine = Self { supervisor, url: record.postgres_url(DATABASE) };
        engine.create_database(&record.postgres_url("postgres")).await?;
        Ok(engine)
    }

    /// The owner's address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Stops it: fast, and by force where that doesn't help.
    pub(crate) async fn stop(self) {
        self.supervisor.stop().await;
    }

    async fn create_database(&self, maintenance_url: &str) -> Result<(), EngineError> {
        let mut connection = self.connect(maintenance_url).await?;
        let there = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1) AS "there!""#,
            DATABASE,
        )
        .fetch_one(&mut connection)
        .await
        .map_err(EngineError::Database)?;
        if !there {
            connection.execute("CREATE DATABASE docket").await.map_err(EngineError::Database)?;
        }
        // Nothing is lost if the farewell fails.
        let _ = connection.close().await;
        Ok(())
    }

    async fn connect(&self, url: &str) -> Result<PgConnection, EngineError> {
        let options: PgConnectOptions = url.parse().map_err(EngineError::Database)?;
        let attempt = || async {
            match options.connect().await {
                Ok(connection) => Some(Ok(connection)),
                // Wrong password, no such role: it is up, and will not change its mind.
                Err(error @ sqlx::Error::Database(_)) if !is_starting(&error) => {
                    Some(Err(EngineError::Database(error)))
                }
                Err(_) => self.supervisor.check_starting().err().map(Err),
            }
        };
        until(PATIENCE, PAUSE, attempt).await.unwrap_or_else(|_| Err(self.supervisor.not_ready()))
    }
}

/// `cannot_connect_now`: starting, recovering, or stopping.
fn is_starting(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == "57P03")
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.map_err(|error| EngineError::Run { program: "a thread".to_owned(), source: error.into() })?
}

/// What it takes to start the server.
struct Server {
    binaries: Binaries,
    account: Option<Account>,
    data: PathBuf,
    config: PathBuf,
    log: PathBuf,
    pids: DataDir,
}

impl Program for Server {
    const NAME: &'static str = "postgres";

    fn clear(&self) -> Result<(), EngineError> {
        let pid_file = self.data.join("postmaster.pid");
        let Ok(text) = std::fs::read_to_string(&pid_file) else { return Ok(()) };
        let pid: Option<u32> = text.lines().next().and_then(|line| line.trim().parse().ok());
        if let Some(pid) = pid {
            process::end_left_behind(pid, &self.data.to_string_lossy(), &STOP)?;
        }
        // The postmaster that wrote it is gone. If a stranger has its id now, Postgres would
        // take that for the postmaster and refuse to start.
        let _ = std::fs::remove_file(&pid_file);
        Ok(())
    }

    fn command(&self) -> Command {
        // On our death: fast shutdown.
        let mut command = process::bound_to_us(&self.binaries.program("postgres"), "INT");
        command.arg("-D").arg(&self.data).arg("-c");
        command.arg(format!("config_file={}", self.config.display())).current_dir("/");
        if let Some(account) = self.account {
            account.run(&mut command);
        }
        command
    }

    fn log(&self) -> PathBuf {
        self.log.clone()
    }

    fn started(&self, pid: u32) {
        self.pids.note_pid(Self::NAME, pid);
    }
}

/// Everything before the start: the place, the files, the ports, the settings.
fn prepare(dir: &DataDir, programs: &Programs, stop: &CancellationToken) -> Result<Server, EngineError> {
    let mut record = super::record(dir)?;
    let account = Account::needed()?;
    let home = settle_home(dir, &mut record, account)?;
    let data = home.join("data");
    let binaries = choose(find::postgres(programs)?, &data)?;
    let config = home.join("docket.conf");
    let server = Server {
        binaries,
        account,
        config,
        log: dir.log_file("postgres"),
        pids: dir.clone(),
        data: data.clone(),
    };
    // Before the ports are looked at: a server left behind still listens on ours.
    server.clear()?;
    if data.exists() && record.is_new() {
        return Err(EngineError::PasswordLost { dir: data });
    }
    record.settle_postgres_port(dir)?;
    if !data.exists() {
        initialise(&server, &home, &record, stop)?;
    }
    let listen = format!(
        "\n# Ours\nlisten_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = ''\n",
        record.postgres_port
    );
    write_for(account, &server.config, &format!("{SETTINGS}{listen}"))?;
    Ok(server)
}

/// The directory that holds all that is Postgres'.
fn settle_home(
    dir: &DataDir,
    record: &mut EnginesRecord,
    account: Option<Account>,
) -> Result<PathBuf, EngineError> {
    if let Some(home) = &record.postgres_dir {
        return Ok(home.clone());
    }
    let home = dir.path().join("postgres");
    if home.join("data").exists() {
        return Ok(home);
    }
    let Some(account) = account else {
        create_dir(&home)?;
        return Ok(home);
    };
    // The other user has to pass through the data directory, and sees nothing else there.
    dir.let_pass()?;
    if account.reaches(dir.path()) {
        create_dir(&home)?;
        account.own(&home)?;
        return Ok(home);
    }
    let home = account::reachable_dir()?.join("postgres");
    create_dir(&home)?;
    account.own(&home)?;
    record.postgres_dir = Some(home.clone());
    record.save(dir)?;
    Ok(home)
}

fn create_dir(path: &Path) -> Result<(), EngineError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| EngineError::File { what: "create", path: path.to_path_buf(), source })
}

/// The newest version, or the one that made the files that are there.
fn choose(found: Vec<Binaries>, data: &Path) -> Result<Binaries, EngineError> {
    let made_by =
        std::fs::read_to_string(data.join("PG_VERSION")).ok().and_then(|text| text.trim().parse().ok());
    let versions: Vec<String> = found.iter().map(|binaries| binaries.version.to_string()).collect();
    let chosen = found.into_iter().find(|binaries| made_by.is_none_or(|version| version == binaries.version));
    chosen.ok_or_else(|| EngineError::OtherVersion {
        dir: data.to_path_buf(),
        made_by: made_by.unwrap_or_default(),
        found: versions.join(", "),
    })
}

/// Runs initdb beside the place, and moves the result there when it is whole.
fn initialise(
    server: &Server,
    home: &Path,
    record: &EnginesRecord,
    stop: &CancellationToken,
) -> Result<(), EngineError> {
    let (fresh, password_file) = (home.join("data.new"), home.join("password"));
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| EngineError::File { what: "replace", path, source }
    };
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh).map_err(failed(&fresh))?;
    }
    write_for(server.account, &password_file, &record.postgres_password)?;
    let mut command = process::bound_to_us(&server.binaries.program("initdb"), "TERM");
    command.args(["--username", EnginesRecord::USER, "--auth=scram-sha-256", "--encoding=UTF8"]);
    command.args(["--lc-collate=C", "--data-checksums", "--no-instructions"]).arg("--locale").arg(locale());
    command.arg("--pwfile").arg(&password_file).arg("--pgdata").arg(&fresh).current_dir("/");
    if let Some(account) = server.account {
        account.run(&mut command);
    }
    let output = process::run(command, stop);
    let _ = std::fs::remove_file(&password_file);
    let output = output.map_err(|source| EngineError::Run { program: "initdb".to_owned(), source })?;
    let Some(output) = output else { return Err(EngineError::Interrupted { program: "initdb" }) };
    if !output.status.success() {
        return Err(EngineError::Failed { program: "initdb", said: process::said(&output) });
    }
    std::fs::rename(&fresh, &server.data).map_err(failed(&server.data))
}

/// A locale that knows upper from lower case in every script: search folds case by it.
/// Order is by code point all the same, so that it never changes under an index.
fn locale() -> &'static str {
    if cfg!(target_os = "macos") { "en_US.UTF-8" } else { "C.UTF-8" }
}

fn write_for(account: Option<Account>, path: &Path, text: &str) -> Result<(), EngineError> {
    crate::data_dir::write_private(path, text.as_bytes())?;
    account.map_or(Ok(()), |account| account.own(path))
}
