//! How fast the read models follow the log: all of them together, live tables with all their indexes,
//! and a rebuild of each; beside plain reading of the log, which bounds both.
//!
//! `cargo bench -p projection-service`, with `DOCKET_TEST_DATABASE_URL`; `DOCKET_BENCH_EVENTS` says
//! how many events (100,000).
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints, and ends by panicking"
)]

#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/projections/database.rs"]
mod database;
#[path = "../tests/projections/story.rs"]
mod story;

use std::time::{Duration, Instant};

use database::{Database, Running};
use domain::ids::Position;
use projection_service::RuntimeOptions;
use sqlx::Executor;
use tokio::sync::{mpsc, watch};
use tokio::time::interval;

#[tokio::main]
async fn main() {
    let events: usize =
        std::env::var("DOCKET_BENCH_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let database = Database::new().await;
    let history = story::history(1, events, &["one", "two", "three"]);
    database.append(&history).await;
    drop(history);
    database.pool.execute("VACUUM ANALYZE events").await.expect("statistics of the log");
    let tickets = database.number("SELECT count(DISTINCT aggregate_id) FROM events").await;
    println!("{events} events of {tickets} tickets");

    let options = database.options();
    let started = Instant::now();
    let mut position = Position::START;
    loop {
        let read = options.reader.read(position, 5_000).await.expect("the log");
        let Some(last) = read.last() else { break };
        position = last.position;
    }
    let plain = rate("plain reading of the log", events, started, None);

    let started = Instant::now();
    follow(&database, position).await;
    rate("all read models, live", events, started, Some(plain));

    without_sla(events).await;
    live(&database).await;

    for status in projection_service::status(&database.pool).await.expect("the status") {
        let rebuilt =
            projection_service::rebuild(&options.pool, &options.reader, &options.upcasters, &status.name);
        let started = Instant::now();
        rebuilt.await.expect("a rebuild");
        rate(&format!("rebuild of {}", status.name), events, started, Some(plain));
    }
    database.drop().await;
}

/// Follows the log with all projections to a position.
async fn follow(database: &Database, position: Position) {
    let running = Running::start(database.options());
    let mut shown = running.runtime.position();
    shown.wait_for(|shown| *shown >= position).await.expect("the runtime");
    running.stop().await;
}

/// What service levels cost the others: the same log with and without them, in turns, from fresh
/// databases.
async fn without_sla(events: usize) {
    let mut seconds = [0.0, 0.0];
    for round in 0..4 {
        let database = Database::new().await;
        let position = database.append(&story::history(3, events, &["one", "two", "three"])).await;
        database.pool.execute("VACUUM ANALYZE events").await.expect("statistics of the log");
        if round % 2 == 0 {
            let skip = format!("UPDATE read.checkpoints SET position = {position} WHERE projection = 'sla'");
            database.pool.execute(skip.as_str()).await.expect("skipped");
        }
        let started = Instant::now();
        follow(&database, position).await;
        seconds[round % 2] += started.elapsed().as_secs_f64();
        database.drop().await;
    }
    let [without, with] = seconds.map(|seconds| 2.0 * events as f64 / seconds);
    println!("without sla                      {without:>9.0} events/s");
    println!(
        "with sla                         {with:>9.0} events/s: {:.1} % off (at most 15)",
        100.0 * (1.0 - with / without)
    );
}

/// How long an event takes from its commit until every read model shows it, at 500 events/s.
async fn live(database: &Database) {
    let (wake, woken) = watch::channel(Position::START);
    let running = Running::start(RuntimeOptions { wake: Some(woken), ..database.options() });
    let mut shown = running.runtime.position();
    let mut due = interval(Duration::from_millis(2));
    let (committed, mut commits) = mpsc::unbounded_channel::<(Position, Instant)>();
    let measure = tokio::spawn(async move {
        let mut times = Vec::new();
        while let Some((position, at)) = commits.recv().await {
            shown.wait_for(|shown| *shown >= position).await.expect("the runtime");
            times.push(at.elapsed());
        }
        times.sort_unstable();
        times
    });
    for event in story::history(2, 5_000, &["live"]).chunks(1) {
        due.tick().await;
        let position = database.append(event).await;
        wake.send_replace(position);
        committed.send((position, Instant::now())).expect("the measurer");
    }
    drop(committed);
    let times = measure.await.expect("the measurer");
    let at = |part: usize| times[(times.len() * part).div_ceil(100).saturating_sub(1)];
    println!("commit to visible at 500/s         p50 {:?}  p99 {:?}", at(50), at(99));
    running.stop().await;
}

/// Prints events per second, and their ratio to plain reading.
fn rate(what: &str, events: usize, started: Instant, plain: Option<f64>) -> f64 {
    let rate = events as f64 / started.elapsed().as_secs_f64();
    let ratio = plain.map(|plain| format!("  {:.2} of plain reading", rate / plain)).unwrap_or_default();
    println!("{what:<32} {rate:>9.0} events/s{ratio}");
    rate
}
