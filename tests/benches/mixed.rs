//! The highest rate of mixed commands at which the list stays within a second, as a ratio to `pgbench`.
//!
//! The commands are those of the demo: tickets are opened, assigned, tagged, moved, talked about and resolved, by
//! customers and support, one command a request. They come at a fixed rate, whether answers are late or not.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a bench stops at the first error, and keeps a rate by the clock"
)]

#[expect(dead_code, reason = "other benches take the rest")]
mod load;
mod pgbench;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use docket_tests::Docket;
use load::{Connection, post};
use pgbench::pgbench;
use serde_json::{Value, json};
use sqlx::PgPool;

const CONNECTIONS: u64 = 64;
/// How long a rate is tried, and how long the one that held is kept.
const TRIED: Duration = Duration::from_secs(15);
const KEPT: Duration = Duration::from_secs(60);
/// Not measured: plans are made, caches fill.
const WARM: Duration = Duration::from_secs(3);
/// How far the list may be behind.
const BEHIND: f64 = 1.0;
/// The least ratio.
const AT_LEAST: f64 = 0.2;

fn main() {
    docket_tests::bench(bench());
}

async fn bench() {
    let docket = Docket::up().await;
    let opening = opening(0).to_string();
    let baseline = pgbench(&docket, &opening).await;
    println!("pgbench, one event row per transaction, 64 clients, prepared: {baseline:.0}/s = 1.00");
    let mut best = 0.0;
    let mut step = AT_LEAST / 2.0;
    let mut ratio = AT_LEAST;
    // Up while it holds, then by halves between what held and what didn't.
    for _ in 0..6 {
        let tried = run(&docket, baseline * ratio, TRIED).await;
        println!("  {ratio:.3}: {tried}");
        if tried.holds() {
            best = ratio;
            ratio += step;
        } else {
            step /= 2.0;
            ratio = best + step;
        }
        docket.settled().await;
    }
    let kept = run(&docket, baseline * best, KEPT).await;
    println!("for a minute at {best:.3} of pgbench: {kept}");
    println!(
        "mixed commands at which the list stays within {BEHIND} s: {:.0}/s = {best:.2} (at least {AT_LEAST})",
        baseline * best
    );
    let caught_up = Instant::now();
    docket.settled().await;
    println!("  every read model at the head {:.1} s after the load", caught_up.elapsed().as_secs_f64());
    for each in docket.status()["projections"].as_array().expect("projections") {
        let cost = |name: &str| each["cost"][name].as_f64().unwrap_or_default();
        println!(
            "  {:<14} {:>6.1} rows {:>7.0} bytes of WAL {:>6.0} µs an event",
            each["name"].as_str().unwrap_or_default(),
            cost("rows_per_event"),
            cost("wal_bytes_per_event"),
            cost("micros_per_event"),
        );
    }
}

/// What a rate came to.
struct Tried {
    wanted: f64,
    reached: f64,
    /// The most that the list was behind, in seconds.
    behind: f64,
}

impl Tried {
    fn holds(&self) -> bool {
        self.behind <= BEHIND && self.reached >= self.wanted * 0.97
    }
}

impl std::fmt::Display for Tried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { wanted, reached, behind } = self;
        write!(
            f,
            "{wanted:.0} commands/s wanted, {reached:.0} reached, the list {behind:.2} s behind at most"
        )
    }
}

async fn run(docket: &Docket, rate: f64, length: Duration) -> Tried {
    let address = docket.url().trim_start_matches("http://").to_owned();
    let people: Arc<[String]> =
        (0..12).map(|each| docket.token("support_agent", &format!("agent-{each}"))).collect();
    let done = Arc::new(AtomicU64::new(0));
    let start = tokio::time::Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for each in 0..CONNECTIONS {
        let (address, people, done) = (address.clone(), people.clone(), done.clone());
        tasks.spawn(async move {
            let mut connection = Connection::open(&address).await;
            let mut ticket: Option<String> = None;
            let mut step = each as usize % STEPS;
            for turn in 0_u64.. {
                let due = Duration::from_secs_f64((turn * CONNECTIONS + each) as f64 / rate);
                if due >= length {
                    return;
                }
                tokio::time::sleep_until(start + due).await;
                // One that is late by more than it can make up ends with its time.
                if start.elapsed() >= length {
                    return;
                }
                let token = &people[(each as usize + step) % people.len()];
                let (path, body) = command(ticket.as_deref(), &mut step, turn);
                let reply = connection.send(&post(&path, token, &body.to_string())).await;
                assert!(matches!(reply.status, 200 | 201), "{path}: {}", String::from_utf8_lossy(reply.body));
                if reply.status == 201 {
                    let body: Value = serde_json::from_slice(reply.body).expect("JSON");
                    ticket = body["id"].as_str().map(str::to_owned);
                }
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let pool = docket.postgres().await;
    let mut behind: f64 = 0.0;
    while start.elapsed() < length {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if start.elapsed() > WARM {
            behind = behind.max(list_behind(&pool).await);
        }
    }
    while let Some(task) = tasks.join_next().await {
        task.expect("a connection's task");
    }
    Tried { wanted: rate, reached: done.load(Ordering::Relaxed) as f64 / length.as_secs_f64(), behind }
}

/// For how long the oldest event has been in the log that the list doesn't show.
async fn list_behind(pool: &PgPool) -> f64 {
    sqlx::query_scalar(
        "SELECT coalesce(extract(epoch FROM clock_timestamp() - e.recorded_at), 0)::float8 \
         FROM read.checkpoints AS c LEFT JOIN events AS e ON e.position = c.position + 1 \
         WHERE c.projection = 'ticket_list'",
    )
    .fetch_one(pool)
    .await
    .expect("how far it is")
}

fn opening(number: u64) -> Value {
    let description = "The printer on the second floor shows error 49.4C02 since this morning. ".repeat(3);
    let priority = ["low", "medium", "medium", "high"][number as usize % 4];
    json!({"subject": "Printer shows error 49.4C02", "description": description, "priority": priority,
        "category": format!("Category {}", number % 12), "tags": ["printer"]})
}

/// How many steps a ticket takes.
const STEPS: usize = 9;

/// The next command of a ticket's story.
fn command(ticket: Option<&str>, step: &mut usize, turn: u64) -> (String, Value) {
    let Some(ticket) = ticket else {
        *step = 1;
        return ("/v1/tickets".to_owned(), opening(turn));
    };
    let at = |verb: &str, body: Value| (format!("/v1/tickets/{ticket}/{verb}"), body);
    let now = *step % STEPS;
    *step = now + 1;
    match now {
        0 => ("/v1/tickets".to_owned(), opening(turn)),
        1 => at("assign", json!({"agent": format!("agent-{}", turn % 12), "team": "first-line"})),
        2 => at("tags", json!({"add": [format!("tag-{}", turn % 20)]})),
        3 => at("status", json!({"status": "in_progress"})),
        4 => at("reply", json!({"body": "Could you tell us the time of your last try?"})),
        5 => at("note", json!({"body": "Same as last month; the fuser has to be replaced."})),
        6 => {
            let priority = ["low", "medium", "high"][turn as usize % 3];
            at("priority", json!({ "priority": priority }))
        }
        7 => at("reply", json!({"body": "A new fuser is ordered; it comes tomorrow."})),
        _ => at("resolve", json!({"notes": "The fuser was replaced."})),
    }
}
