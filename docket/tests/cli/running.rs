//! A `docket up` of the test's own.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fmt::Debug;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Child;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_docket");
const DEADLINE: Duration = Duration::from_secs(90);

/// Waits until something is so.
pub(crate) async fn eventually<T, F, Fut>(what: &str, ready: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    match service_kit::wait::until(DEADLINE, Duration::from_millis(50), ready).await {
        Ok(value) => value,
        Err(late) => panic!("{what}: {late}"),
    }
}

pub(crate) fn signal(pid: impl Debug, name: &str) {
    Command::new("kill").args([format!("-{name}"), format!("{pid:?}")]).status().unwrap();
}

pub(crate) struct Running {
    child: Option<Child>,
    dir: TempDir,
    env: &'static [(&'static str, &'static str)],
}

impl Running {
    pub(crate) async fn up() -> Self {
        Self::up_with(&[]).await
    }

    pub(crate) async fn up_with(env: &'static [(&'static str, &'static str)]) -> Self {
        // reqwest is built without cryptography of its own; a second installation is no matter.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        // As root, Postgres runs as another user, who must get to its files below.
        let dir = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
        let mut running = Self { child: None, dir, env };
        running.up_again().await;
        running
    }

    pub(crate) async fn up_again(&mut self) {
        assert!(self.child.is_none(), "it still runs");
        let log = std::fs::File::options().create(true).append(true).open(self.log()).unwrap();
        let child = tokio::process::Command::new(BINARY)
            .args(["up", "--port", "0", "--data-dir"])
            .arg(self.data_dir())
            .envs(self.env.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        self.child = Some(child);
        let before = self.printed().matches("docket is ready").count();
        eventually("docket is ready", || async {
            let running = self.pid().is_some_and(|pid| Path::new(&format!("/proc/{pid}")).exists());
            assert!(running, "docket up ended:\n{}", self.printed());
            (self.printed().matches("docket is ready").count() > before).then_some(())
        })
        .await;
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What it is started with from now on.
    pub(crate) fn set_env(&mut self, env: &'static [(&'static str, &'static str)]) {
        self.env = env;
    }

    fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("up.log")
    }

    fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// What `docket up` has printed and logged.
    pub(crate) fn printed(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(BINARY).args(args).arg("--data-dir").arg(self.data_dir()).output().unwrap()
    }

    /// What a command prints that must succeed.
    #[track_caller]
    pub(crate) fn prints(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docket {args:?}: {error}\n{}", self.printed());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The one line of a command that must fail.
    #[track_caller]
    pub(crate) fn fails(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "docket {args:?}: {error}");
        error
    }

    pub(crate) fn status(&self) -> Value {
        serde_json::from_str(&self.prints(&["status", "--json"])).unwrap()
    }

    pub(crate) fn try_status(&self) -> Option<Value> {
        serde_json::from_slice(&self.run(&["status", "--json"]).stdout).ok()
    }

    pub(crate) fn is_settled(&self) -> bool {
        let Some(status) = self.try_status() else { return false };
        let head = &status["log"]["head"];
        let projections = status["projections"].as_array().unwrap();
        status["relay"]["position"] == *head && projections.iter().all(|each| each["position"] == *head)
    }

    fn request(&self, tenant: &str, method: reqwest::Method, path: &str) -> Option<reqwest::RequestBuilder> {
        let token =
            self.prints(&["token", "--tenant", tenant, "--role", "support_agent", "--sub", "agent-1"]);
        let url = self.try_status()?["url"].as_str()?.to_owned();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Some(http.request(method, format!("{url}{path}")).bearer_auth(token))
    }

    pub(crate) async fn try_open(&self, tenant: &str, subject: &str) -> Option<Value> {
        let body = json!({"subject": subject, "description": "Between the second floor and the third."});
        let answer =
            self.request(tenant, reqwest::Method::POST, "/v1/tickets")?.json(&body).send().await.ok()?;
        if answer.status() == 201 { answer.json().await.ok() } else { None }
    }

    pub(crate) async fn open(&self, tenant: &str, subject: &str) -> Value {
        self.try_open(tenant, subject).await.expect("the ticket is opened")
    }

    /// The ticket as the read models show it, once they are at the head.
    pub(crate) async fn ticket(&self, tenant: &str, number: &str) -> Value {
        let head = self.status()["log"]["head"].to_string();
        let request = self.request(tenant, reqwest::Method::GET, &format!("/v1/tickets/{number}")).unwrap();
        let answer =
            request.header("docket-min-position", head).header("prefer", "wait=10").send().await.unwrap();
        assert_eq!(answer.status(), 200, "{number}");
        answer.json().await.unwrap()
    }

    /// Ctrl-C.
    pub(crate) async fn interrupt(&mut self) -> ExitStatus {
        signal(self.pid().unwrap(), "INT");
        self.ended().await
    }

    pub(crate) async fn kill(&mut self) {
        signal(self.pid().unwrap(), "KILL");
        self.ended().await;
    }

    async fn ended(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        tokio::time::timeout(DEADLINE, child.wait()).await.expect("it ends").unwrap()
    }
}

impl Drop for Running {
    #[expect(clippy::disallowed_methods, reason = "the pause between two looks at a state, in a destructor")]
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        signal(child.id().unwrap(), "TERM");
        let start = std::time::Instant::now();
        // One that doesn't end is killed as it is dropped.
        while matches!(child.try_wait(), Ok(None)) && start.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
