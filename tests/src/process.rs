//! A `docket up` of the test's own: its own data directory, port and engines.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Child;

use crate::{Client, eventually};

/// How to start it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Further arguments of `docket up`.
    pub args: Vec<String>,
    /// Further environment.
    pub env: Vec<(String, String)>,
    /// The port, if not any free one.
    pub port: Option<String>,
}

/// A running `docket up`; stopped, with its engines, when dropped.
pub struct Docket {
    child: Option<Child>,
    dir: Arc<TempDir>,
    url: String,
    options: Options,
}

impl Docket {
    /// Starts one in a new data directory and waits until it is ready.
    pub async fn up() -> Self {
        Self::up_with(Options::default()).await
    }

    /// The same with options.
    pub async fn up_with(options: Options) -> Self {
        // As root, Postgres runs as another user, who must get to its files below.
        let open_to_all = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let dir = tempfile::Builder::new()
            .prefix("docket-")
            .permissions(open_to_all)
            .tempdir()
            .expect("a temporary directory");
        Self::start(Arc::new(dir), options).await
    }

    async fn start(dir: Arc<TempDir>, options: Options) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(dir.path().join("up.log"));
        let log = log.expect("a log file");
        let child = tokio::process::Command::new(docket_binary())
            .args(["up", "--data-dir"])
            .arg(dir.path().join("data"))
            .args(["--port", options.port.as_deref().unwrap_or("0")])
            .args(&options.args)
            .envs(options.env.clone())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("docket starts");
        let mut docket = Self { child: Some(child), dir, url: String::new(), options };
        docket.url = docket.until_ready().await;
        docket
    }

    async fn until_ready(&mut self) -> String {
        let pid = self.pid();
        let dir = self.dir.clone();
        eventually("docket is ready", || {
            let log = std::fs::read_to_string(dir.path().join("up.log")).unwrap_or_default();
            let gone = !Path::new(&format!("/proc/{pid}")).exists();
            assert!(!gone, "docket up ended:\n{log}");
            let status = self.status_if_running();
            async move {
                let url = status?["url"].as_str()?.to_owned();
                let anyone = Client::new(&url, None);
                let answer = anyone.try_send(anyone.request(reqwest::Method::GET, "/readyz")).await.ok()?;
                answer.status.is_success().then_some(url)
            }
        })
        .await
    }

    /// What `docket up` has printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("up.log")).unwrap_or_default()
    }

    /// The data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process id of `docket up`.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).expect("docket runs")
    }

    /// Runs another command of the binary on this data directory.
    pub fn run(&self, args: &[&str]) -> Output {
        Command::new(docket_binary())
            .args(args)
            .arg("--data-dir")
            .arg(self.data_dir())
            .stdin(Stdio::null())
            .output()
            .expect("docket runs")
    }

    /// The same; fails the test unless it exits with 0. Gives what it printed.
    #[track_caller]
    pub fn run_ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docket {args:?}: {error}\n{}", self.log());
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    /// `docket status --json`.
    #[track_caller]
    pub fn status(&self) -> Value {
        serde_json::from_str(&self.run_ok(&["status", "--json"])).expect("JSON")
    }

    /// The same; `None` while Docket or its database is away.
    pub fn status_if_running(&self) -> Option<Value> {
        let output = self.run(&["status", "--json"]);
        serde_json::from_slice(&output.stdout).ok()
    }

    /// A token of the tenant `default`.
    #[track_caller]
    pub fn token(&self, role: &str, sub: &str) -> String {
        self.run_ok(&["token", "--tenant", "default", "--role", role, "--sub", sub])
    }

    /// A client with such a token.
    #[track_caller]
    pub fn client(&self, role: &str, sub: &str) -> Client {
        Client::new(&self.url, Some(&self.token(role, sub)))
    }

    /// A connection to its Postgres as the owner.
    pub async fn postgres(&self) -> sqlx::PgPool {
        let url = self.status()["postgres"]["url"].as_str().expect("postgres.url").to_owned();
        sqlx::postgres::PgPoolOptions::new().max_connections(4).connect(&url).await.expect("Postgres")
    }

    /// A connection to its NATS.
    pub async fn nats(&self) -> async_nats::Client {
        let url = self.status()["nats"]["url"].as_str().expect("nats.url").to_owned();
        let address: async_nats::ServerAddr = url.parse().expect("an address");
        let user = address.username().unwrap_or_default().to_owned();
        let password = address.password().unwrap_or_default().to_owned();
        // The client takes no credentials from an address by itself.
        async_nats::ConnectOptions::with_user_and_password(user, password)
            .connect(address)
            .await
            .expect("NATS")
    }

    /// Waits until every projection and the relay have reached the log's head. Gives the head.
    pub async fn settled(&self) -> i64 {
        eventually("relay and projections at the head", || {
            let status = self.status();
            async move {
                let head = status["log"]["head"].as_i64()?;
                let at_head = |position: &Value| position.as_i64() == Some(head);
                let projections = status["projections"].as_array()?;
                let all = projections.iter().all(|each| at_head(&each["position"]));
                (all && !projections.is_empty() && at_head(&status["relay"]["position"])).then_some(head)
            }
        })
        .await
    }

    /// Kills it as a power cut would: the process and its engines get no chance to say goodbye.
    pub async fn kill(&mut self) {
        let pid = self.pid();
        signal(pid, "KILL");
        self.gone().await;
    }

    /// Starts it again in the same data directory.
    pub async fn up_again(&mut self) {
        assert!(self.child.is_none(), "docket still runs");
        *self = Self::start(self.dir.clone(), self.options.clone()).await;
    }

    /// The same where it was, for those who talk to it.
    pub async fn up_again_at(&mut self, port: &str) {
        let options = Options { port: Some(port.to_owned()), ..self.options.clone() };
        self.up_again_with(options).await;
    }

    /// The same with other options.
    pub async fn up_again_with(&mut self, options: Options) {
        self.options = options;
        self.up_again().await;
    }

    /// Ctrl-C; gives how it exited.
    pub async fn interrupt(&mut self) -> ExitStatus {
        let pid = self.pid();
        signal(pid, "INT");
        self.gone().await
    }

    async fn gone(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("docket runs");
        tokio::time::timeout(crate::DEADLINE, child.wait())
            .await
            .expect("docket ends in time")
            .expect("its status")
    }
}

impl Drop for Docket {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(60).collect();
            eprintln!("the end of docket's log:\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
        let Some(mut child) = self.child.take() else { return };
        let Some(pid) = child.id() else { return };
        signal(pid, "CONT");
        signal(pid, "TERM");
        // Asked, not watched from outside: until it is asked for, an ended child is still there.
        // One that doesn't end is killed as it is dropped.
        crate::wait::until_so(Duration::from_secs(20), || !matches!(child.try_wait(), Ok(None)));
    }
}

/// Sends a signal by its name.
pub fn signal(pid: u32, name: &str) {
    let sent =
        Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).stderr(Stdio::null()).status();
    sent.expect("kill runs");
}

/// The binary that this build made.
pub fn docket_binary() -> PathBuf {
    static BUILT: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    BUILT
        .get_or_init(|| {
            if let Some(path) = std::env::var_os("DOCKET_BIN") {
                return path.into();
            }
            let mut dir = std::env::current_exe().expect("the test's path");
            while !dir.ends_with("debug") && !dir.ends_with("release") {
                assert!(dir.pop(), "the test runs from cargo's target directory");
            }
            let binary = dir.join("docket");
            assert!(binary.exists(), "{} is not built: run `cargo build -p docket` first", binary.display());
            binary
        })
        .clone()
}
