//! The sample consumers of `deploy/examples`, as a customer would run them, through what may happen to them and
//! to the stream: every event once and in order.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use async_nats::jetstream;
use docket_tests::{Docket, eventually, signal};
use serde_json::json;

use crate::python::{here, made_of, run, with_file};

fn example(path: &str) -> PathBuf {
    here("../deploy/examples").join(path)
}

/// A sample that runs; killed when dropped.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the sample starts"))
    }

    /// As a power cut would.
    fn kill(mut self) {
        signal(self.0.id(), "KILL");
        self.0.wait().expect("its end");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn some_tickets(docket: &Docket, count: usize) {
    let client = docket.client("support_agent", "amir");
    for number in 0..count {
        let opened = client.open(&format!("Ticket {number}")).await;
        let path = format!("/v1/tickets/{}", opened.text("id"));
        client
            .post(&format!("{path}/reply"), json!({"body": "Tab\there, \"position\":7\n\nlines."}))
            .await
            .expect(200);
        client.post(&format!("{path}/resolve"), json!({})).await.expect(200);
    }
}

/// Runs a sample through all of it. `kept` reads the positions that it has kept.
async fn goes_through_all_of_it(
    mut docket: Docket,
    start: impl Fn(&Docket) -> Running,
    kept: impl Fn() -> Vec<i64>,
) -> Docket {
    let reaches = async |docket: &Docket| {
        let head = docket.settled().await;
        eventually("the sample reaches the head", || {
            let reached = kept().last() == Some(&head);
            async move { reached.then_some(()) }
        })
        .await;
    };
    some_tickets(&docket, 3).await;
    let first = start(&docket);
    reaches(&docket).await;
    // It is killed while it works, and misses something.
    some_tickets(&docket, 3).await;
    first.kill();
    some_tickets(&docket, 3).await;
    let second = start(&docket);
    reaches(&docket).await;
    // Docket is killed, with its servers.
    let url = docket.url().to_owned();
    docket.kill().await;
    let port = url.rsplit(':').next().expect("a port").to_owned();
    docket.up_again_at(&port).await;
    some_tickets(&docket, 3).await;
    reaches(&docket).await;
    // The stream is deleted under it, and built anew.
    let context = jetstream::new(docket.nats().await);
    context.delete_stream("DOCKET_MAIN").await.expect("deleted");
    some_tickets(&docket, 3).await;
    reaches(&docket).await;
    second.kill();
    // There is one tenant, so its events are all that there are.
    let head = docket.settled().await;
    assert_eq!(kept(), (1..=head).collect::<Vec<_>>());
    docket
}

fn access(docket: &Docket, purpose: &str) -> PathBuf {
    let access = docket.run_ok(&["consumer", "create", purpose, "--tenant", "default", "--json"]);
    let file = docket.data_dir().join("access.json");
    std::fs::write(&file, access).expect("written");
    file
}

/// The first field of each line, with the separator, that is a position.
fn positions(file: &Path, separator: char, field: usize) -> Vec<i64> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let position = |line: &str| line.split(separator).nth(field).and_then(|field| field.parse().ok());
    whole.lines().map(|line| position(line).expect("a position")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn python() {
    let python = with_file("example-python", &example("python/requirements.txt"));
    let docket = Docket::up().await;
    let (access, figures) = (access(&docket, "counting"), docket.data_dir().join("figures.db"));
    let start = |_: &Docket| {
        let mut command = Command::new(&python);
        command.arg(example("python/open_tickets.py")).arg(&figures).env("DOCKET_CONSUMER", &access);
        Running::start(&mut command)
    };
    let ask = |sql: &str| {
        let script =
            "import sqlite3, sys\nfor row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(*row)";
        let output =
            Command::new(&python).args(["-c", script]).arg(&figures).arg(sql).output().expect("Python runs");
        String::from_utf8(output.stdout).expect("text")
    };
    let kept = || {
        let rows = ask("SELECT position FROM event ORDER BY rowid");
        rows.lines().map(|row| row.parse().expect("a position")).collect()
    };
    let docket = goes_through_all_of_it(docket, start, kept).await;
    let tickets =
        docket.client("support_agent", "amir").get("/v1/tickets?status_category=resolved&count=true").await;
    let resolved = &tickets.expect(200).body["total"];
    assert_eq!(
        ask("SELECT stands, count(*) FROM ticket GROUP BY stands").trim(),
        format!("resolved {resolved}")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn typescript() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("example-typescript");
    let files = ["package.json", "package-lock.json", "tsconfig.json", "events-file.ts"];
    let texts = files.map(|name| std::fs::read_to_string(example("typescript").join(name)).expect(name));
    made_of(&folder, &texts.concat(), || {
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, text) in files.iter().zip(&texts) {
            std::fs::write(folder.join(name), text).expect("written");
        }
        let npm = |args: &[&str]| run(Command::new("npm").args(args).current_dir(&folder));
        npm(&["ci", "--no-audit", "--no-fund"])
            .expect("npm is there (`deploy/setup.sh --tests`), and installs");
        npm(&["run", "build"]).expect("it compiles");
    });
    let docket = Docket::up().await;
    let (access, events) = (access(&docket, "listing"), docket.data_dir().join("events.csv"));
    let start = |_: &Docket| {
        let mut command = Command::new("node");
        command.arg(folder.join("build/events-file.js")).arg(&events).env("DOCKET_CONSUMER", &access);
        Running::start(&mut command)
    };
    goes_through_all_of_it(docket, start, || positions(&events, ',', 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn curl() {
    let docket = Docket::up().await;
    let events = docket.data_dir().join("events.tsv");
    let start = |docket: &Docket| {
        let mut command = Command::new("bash");
        command.arg(example("curl/follow.sh")).arg(&events).env("NO_PROXY", "*");
        command.env("DOCKET_URL", docket.url()).env("DOCKET_TOKEN", docket.token("platform_admin", "maria"));
        Running::start(&mut command)
    };
    let _docket = goes_through_all_of_it(docket, start, || positions(&events, '\t', 0)).await;
    // The lines are whole: the third field is the event.
    let text = std::fs::read_to_string(&events).expect("the file");
    for line in text.lines() {
        let event: serde_json::Value =
            serde_json::from_str(line.splitn(3, '\t').nth(2).expect("three")).expect("JSON");
        assert_eq!(event["position"].to_string(), line.split('\t').next().expect("a position"));
    }
}
