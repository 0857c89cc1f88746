//! The whole way under load, each figure as a ratio to `pgbench` on the same Postgres in the same run.
//!
//! `make bench` runs it with the release build. It starts `docket up` with engines of its own, from an
//! empty database, as a new user does.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a bench stops at the first error, and keeps a rate by the clock"
)]

mod load;
mod pgbench;
mod rate;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use docket_tests::{Docket, Options};
use load::{Connection, get, post};
use pgbench::pgbench;
use rate::rate;
use serde_json::json;

const CONNECTIONS: usize = 64;
const LENGTH: Duration = Duration::from_secs(10);

fn main() {
    docket_tests::bench(bench());
}

async fn bench() {
    let running = Docket::up().await;
    let baseline = pgbench(&running, &opening()).await;
    println!("pgbench, one event row per transaction, 64 clients, prepared: {baseline:.0}/s = 1.00");

    let (address, token) = (address(&running), running.token("support_agent", "bench"));
    let opens = open_rate(&address, &token).await;
    report("open over HTTP, relay and projections running", opens, baseline, 0.5);
    let caught_up = Instant::now();
    running.settled().await;
    println!("  relay and projections at the head {:.1} s after the load", caught_up.elapsed().as_secs_f64());
    visibility(&address, &token).await;
    memory("after opens and visibility", &running);
    import(&running).await;
    memory("after the import", &running);
    drop(running);

    let env = [("DOCKET_RELAY", "off"), ("DOCKET_PROJECTIONS", "off")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let paused = Docket::up_with(Options { env, ..Options::default() }).await;
    let again = pgbench(&paused, &opening()).await;
    println!("pgbench again: {again:.0}/s = 1.00 for what follows");
    let (address, token) = (self::address(&paused), paused.token("support_agent", "bench"));
    report("open over HTTP, relay and projections paused", open_rate(&address, &token).await, again, 1.0);
    report("reply on a ticket with 10 events, paused", reply_rate(&address, &token).await, again, 0.7);
    memory("of the paused one", &paused);
}

fn address(docket: &Docket) -> String {
    docket.url().trim_start_matches("http://").to_owned()
}

fn report(what: &str, rate: f64, baseline: f64, at_least: f64) {
    println!("{what}: {rate:.0}/s = {:.2} (at least {at_least})", rate / baseline);
}

fn opening() -> String {
    let description = "The printer on the second floor shows error 49.4C02 since this morning. ".repeat(3);
    json!({"subject": "Printer shows error 49.4C02", "description": description, "priority": "high", "tags": ["printer"]})
        .to_string()
}

async fn open_rate(address: &str, token: &str) -> f64 {
    let request: Arc<[u8]> = post("/v1/tickets", token, &opening()).into();
    rate(address, CONNECTIONS, Duration::from_secs(2), 201, {
        let request = request.clone();
        move |_, _| request.clone()
    })
    .await;
    rate(address, CONNECTIONS, LENGTH, 201, move |_, _| request.clone()).await
}

/// Replies in turn on so many tickets of 10 events that none grows much longer.
async fn reply_rate(address: &str, token: &str) -> f64 {
    const TICKETS: usize = 10_000;
    let reply = json!({"body": "We have ordered a new fuser; it comes tomorrow. Until then, use the one on the first floor."});
    let mut connection = Connection::open(address).await;
    let mut paths = Vec::with_capacity(TICKETS);
    while paths.len() < TICKETS {
        let open: serde_json::Value = serde_json::from_str(&opening()).expect("JSON");
        let mut command = open;
        command["type"] = "open".into();
        let commands = vec![command; 500];
        let answer =
            connection.send(&post("/v1/commands", token, &json!({"commands": commands}).to_string())).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
        let body: serde_json::Value = serde_json::from_slice(answer.body).expect("JSON");
        for result in body["results"].as_array().expect("results") {
            let id = result["body"]["id"].as_str().or(result["id"].as_str()).expect("an id");
            paths.push(format!("/v1/tickets/{id}/reply"));
        }
    }
    let each = TICKETS / CONNECTIONS;
    let requests: Vec<Arc<[u8]>> =
        paths.iter().map(|path| post(path, token, &reply.to_string()).into()).collect();
    // Nine more events for each.
    let warm = requests.clone();
    let (done, target) = (Arc::new(std::sync::atomic::AtomicUsize::new(0)), TICKETS * 9);
    let mut tasks = tokio::task::JoinSet::new();
    for offset in 0..CONNECTIONS {
        let (done, warm, address) = (done.clone(), warm.clone(), address.to_owned());
        tasks.spawn(async move {
            let mut connection = Connection::open(&address).await;
            for turn in 0.. {
                if done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= target {
                    return;
                }
                connection.send(&warm[offset * each + turn % each]).await;
            }
        });
    }
    while tasks.join_next().await.is_some() {}
    // Half as long, so that they are still tickets of 10 to 17 events.
    rate(address, CONNECTIONS, LENGTH / 2, 200, move |offset, turn| {
        requests[offset * each + turn as usize % each].clone()
    })
    .await
}

/// From the answer of a command to its ticket in the list, at 500 commands a second.
async fn visibility(address: &str, token: &str) {
    const RATE: u64 = 500;
    const LISTENERS: usize = 16;
    let start = tokio::time::Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for each in 0..LISTENERS as u64 {
        let (address, token) = (address.to_owned(), token.to_owned());
        tasks.spawn(async move {
            let (mut writer, mut reader) =
                (Connection::open(&address).await, Connection::open(&address).await);
            let open = post("/v1/tickets", &token, &opening());
            let mut times = Vec::new();
            for turn in 0..RATE * 15 / LISTENERS as u64 {
                let due = Duration::from_micros((turn * LISTENERS as u64 + each) * 1_000_000 / RATE);
                tokio::time::sleep_until(start + due).await;
                let position = writer.send(&open).await.position.expect("a position");
                let committed = Instant::now();
                if turn % 4 == 0 {
                    let header = format!("docket-min-position: {position}\r\n");
                    let reply =
                        reader.send(&get("/v1/tickets?limit=1&sort=-created_at", &token, &header)).await;
                    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(reply.body));
                    times.push(committed.elapsed());
                }
            }
            times
        });
    }
    let mut times: Vec<Duration> = Vec::new();
    while let Some(each) = tasks.join_next().await {
        times.extend(each.expect("a task"));
    }
    times.sort_unstable();
    let at = |share: f64| {
        times[((times.len() as f64 * share).ceil() as usize).saturating_sub(1)].as_secs_f64() * 1000.0
    };
    println!(
        "commit to visible in GET /v1/tickets at {RATE} commands/s: p50 {:.1} ms (at most 15), p99 {:.1} ms (at most 60)",
        at(0.5),
        at(0.99)
    );
}

async fn import(docket: &Docket) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/incident_event_log.csv.gz");
    if !file.exists() {
        println!("import: skipped, the file is not there");
        return;
    }
    docket.run_ok(&["tenant", "create", "desk"]);
    let start = Instant::now();
    docket.run_ok(&["import", "servicenow", file.to_str().expect("a path"), "--tenant", "desk"]);
    let written = start.elapsed();
    docket.settled().await;
    let visible = start.elapsed();
    println!(
        "import of 141,712 rows: {:.0} rows/s to visible (at least 5,000), {:.0} rows/s to the log",
        141_712.0 / visible.as_secs_f64(),
        141_712.0 / written.as_secs_f64()
    );
}

fn memory(when: &str, docket: &Docket) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", docket.pid())).expect("its status");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("VmRSS");
    let kilobytes: f64 = line.split_whitespace().nth(1).expect("a number").parse().expect("a number");
    println!("resident memory of docket {when}: {:.0} MB (at most 150)", kilobytes / 1024.0);
}
