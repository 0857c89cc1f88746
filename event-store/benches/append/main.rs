//! The append against bare one-row transactions and against the `cqrs_es` store as it ships, on
//! one Postgres, in one run, from an empty database.
//!
//! `DOCKET_TEST_DATABASE_URL` is a superuser's URL of a database to create others from.
//! `DOCKET_BENCH_SECONDS` is how long each measurement takes (5).

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench stops at the first error, prints, measures for so long, and makes its own ids"
)]

mod follow;
mod ours;
mod pgbench;
mod shipped;

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Executor};

use crate::follow::Told;

/// An event like those that opening a ticket over HTTP appends: 640 bytes with its metadata.
pub(crate) const PAYLOAD: &str = r#"{"number":"TKT-00000001","subject":"The printer on the third floor prints every page twice","description":"Since this morning every page comes out twice, whatever the settings say. It was restarted twice, and another cable did not help. People queue.","status":"new","status_category":"new","priority":"high","priority_rank":2,"source":"portal","requester":{"id":"customer-17","name":"Ada Example","email":"ada@example.org"},"tags":[]}"#;
pub(crate) const METADATA: &str = r#"{"actor":{"id":"customer-17","kind":"customer"},"occurred_at":"2026-01-01T00:00:00.000000Z","request_id":"0198c0de-0000-7000-8000-000000000000","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#;

/// One measurement.
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) p99: Option<Duration>,
}

#[tokio::main]
async fn main() {
    // `cargo test` runs benches too, with --test; there is nothing to check in a measurement.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let url = std::env::var("DOCKET_TEST_DATABASE_URL").expect("DOCKET_TEST_DATABASE_URL; see `make bench`");
    let seconds = std::env::var("DOCKET_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    let length = Duration::from_secs(seconds);
    let server: PgConnectOptions = url.parse().expect("a Postgres URL");
    let name = format!("docket_bench_{}", std::process::id());
    let mut admin = server.connect().await.expect("a connection");
    admin.execute(format!("CREATE DATABASE {name}").as_str()).await.expect("a database");
    let database = server.database(&name);
    let pool = PgPoolOptions::new().max_connections(80).connect_with(database.clone()).await.expect("a pool");
    event_store::migrate(&pool).await.expect("migrations");

    let (only, mut rows) = (std::env::var("DOCKET_BENCH_ONLY").ok(), Vec::new());
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only.split(',').any(|one| one == name));
    if wanted("ours") {
        rows.push(("append, 64 callers", ours::opens(&pool, 64, length).await));
        rows.push(("append, 256 callers", ours::opens(&pool, 256, length).await));
        rows.push(("append on 64 streams", ours::replies(&pool, 64, length).await));
        rows.push(("append, half of it stale", ours::contended(&pool, 64, length).await));
    }
    if wanted("shipped") {
        rows.push(("cqrs-es as it ships, 64 tasks", shipped::opens(&database, 64, length).await));
    }
    let base = pgbench::one_row(&pool, &database, length).await;
    rows.push(("append, 64 callers, later", ours::opens(&pool, 64, length).await));
    report(&base, &rows);

    println!("{:<34} {:>9.0}", "read from the log by a subscription", follow::replay(&pool).await);
    if let (true, Ok(nats)) = (wanted("follow"), std::env::var("DOCKET_TEST_NATS_URL")) {
        println!("{:<34} {:>9.0}", "relayed to JetStream", follow::relay(&pool, &nats).await);
        for (name, told) in [
            ("by JetStream and the writer", Told::StreamAndWriter),
            ("by JetStream alone", Told::Stream),
            ("by the writer alone", Told::Writer),
        ] {
            let (p50, p99) = follow::delay(&pool, &nats, told, length).await;
            let ms = |delay: Duration| delay.as_secs_f64() * 1e3;
            println!("commit to subscriber, {name:<28} p50 {:.1} ms, p99 {:.1} ms", ms(p50), ms(p99));
        }
        follow::clean(&nats).await;
    }

    pool.close().await;
    admin.execute(format!("DROP DATABASE {name} WITH (FORCE)").as_str()).await.expect("dropped");
}

fn report(base: &Measured, rows: &[(&str, Measured)]) {
    println!("{:<34} {:>9} {:>7} {:>9}", "", "per s", "ratio", "p99");
    println!("{:<34} {:>9.0} {:>7.2}", "pgbench, one row, 64 clients", base.per_second, 1.0);
    for (name, measured) in rows {
        let p99 = measured.p99.map_or(String::new(), |p99| format!("{:.1} ms", p99.as_secs_f64() * 1e3));
        let ratio = measured.per_second / base.per_second;
        println!("{name:<34} {:>9.0} {ratio:>7.2} {p99:>9}", measured.per_second);
    }
}
