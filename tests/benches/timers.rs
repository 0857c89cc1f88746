//! What is due, raised in time: among many open tickets, and after everything was down.
//!
//! `make bench` runs it with the release build; `DOCKET_BENCH_TICKETS` says how many tickets are open
//! (1,000,000).

#![expect(clippy::expect_used, reason = "a bench stops at the first error")]

use std::time::{Duration, Instant};

use docket_tests::{Docket, Options};
use serde_json::json;
use sqlx::{PgPool, Row};

/// How many fall due within a minute.
const DUE: i64 = 100_000;
/// How many fall due while everything is down.
const OVERDUE: i64 = 50_000;
/// What is promised, in minutes, around the clock.
const TARGET: i64 = 1_440;

fn main() {
    docket_tests::bench(bench());
}

async fn bench() {
    let open: i64 =
        std::env::var("DOCKET_BENCH_TICKETS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let docket = Docket::up().await;
    let manager = docket.client("support_manager", "maria");
    let promise = json!({"policies": [{"key": "all", "name": "All", "resolution": TARGET}]});
    manager.patch("/v1/sla", promise).await.expect(200);
    let pool = docket.postgres().await;
    for part in 0..10 {
        open_tickets(&pool, &format!("later{part}"), (open - DUE) / 10, "now()").await;
    }
    until_settled(&docket).await;
    println!("{open} tickets are open, {DUE} of them due within a minute");
    // All are in the read model before the first is due.
    open_tickets(
        &pool,
        "soon",
        DUE,
        "now() - interval '1 day' + interval '40 seconds' + i * interval '0.6 ms'",
    )
    .await;
    until_raised(&pool, DUE).await;
    report(&pool, "due within a minute: raised").await;
    memory(&docket);
    until_settled(&docket).await;

    drop(pool);
    drop(docket);
    start_up().await;
}

/// Everything is down, and much falls due meanwhile.
async fn start_up() {
    let env = vec![("DOCKET_TIMERS".to_owned(), "off".to_owned())];
    let mut docket = Docket::up_with(Options { env, ..Options::default() }).await;
    let pool = docket.postgres().await;
    open_tickets(&pool, "overdue", OVERDUE, "'2024-02-05T09:00:00Z'::timestamptz + i * interval '1 s'").await;
    until_settled(&docket).await;
    drop(pool);
    docket.interrupt().await;
    let started = Instant::now();
    docket.up_again_with(Options::default()).await;
    let pool = docket.postgres().await;
    until_raised(&pool, OVERDUE).await;
    let took = started.elapsed().as_secs_f64();
    let sorted = "SELECT count(*) FROM (SELECT payload->>'due_at' AS due, lag(payload->>'due_at') \
                  OVER (ORDER BY position) AS before FROM events WHERE event_type = 'SlaBreached' \
                  AND payload->>'metric' = 'resolution') AS raised WHERE due < before";
    let out_of_order: i64 = sqlx::query_scalar(sorted).fetch_one(&pool).await.expect("the log");
    println!(
        "start-up with {OVERDUE} overdue: all raised {took:.1} s after the start (at most 30), \
         {out_of_order} of them not in the order of their due times"
    );
    memory(&docket);
}

/// Writes openings straight into the log, as the owner of the database may.
async fn open_tickets(pool: &PgPool, kind: &str, count: i64, opened_at: &str) {
    let tenant = domain::ids::TenantId::of_key("default");
    let sql = format!(
        "WITH head AS MATERIALIZED (SELECT coalesce(max(position), 0) AS position FROM events) \
         INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
                             payload, metadata, event_id, tenant_id, command_id, recorded_at) \
         SELECT head.position + i, 'ticket', gen_random_uuid()::text, 1, 'TicketOpened', '1', \
                json_build_object('number', '{kind}-' || i, 'subject', 'Printer ' || i, \
                    'description', repeat('It shows an error. ', 10), \
                    'requester', json_build_object('id', 'carla'), 'status', 'new', 'status_category', 'new', \
                    'priority', 'low', 'priority_rank', 4, 'source', 'api'), \
                json_build_object('actor', json_build_object('id', 'bench', 'kind', 'agent'), 'occurred_at', \
                    to_char(({opened_at}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')), \
                gen_random_uuid(), '{tenant}', gen_random_uuid(), now() \
         FROM head, generate_series(1, {count}) AS i"
    );
    sqlx::query(&sql).execute(pool).await.expect("tickets");
}

/// Waits until the read models show the whole log.
async fn until_settled(docket: &Docket) {
    let started = Instant::now();
    patiently(|| async {
        let status = docket.status();
        let head = status["log"]["head"].as_i64()?;
        let at_head = |each: &serde_json::Value| each["position"].as_i64() == Some(head);
        status["projections"].as_array()?.iter().all(at_head).then_some(())
    })
    .await;
    println!("  the read models show it after {:.1} s", started.elapsed().as_secs_f64());
}

/// Waits until so many resolutions are overdue.
async fn until_raised(pool: &PgPool, count: i64) {
    let sql =
        "SELECT count(*) FROM events WHERE event_type = 'SlaBreached' AND payload->>'metric' = 'resolution'";
    patiently(|| async {
        let raised: i64 = sqlx::query_scalar(sql).fetch_one(pool).await.expect("the log");
        (raised >= count).then_some(())
    })
    .await;
}

/// Asks twice a second, for ten minutes at most.
async fn patiently<F: Future<Output = Option<()>>>(mut ready: impl FnMut() -> F) {
    let mut ask = tokio::time::interval(Duration::from_millis(500));
    for _ in 0..1_200 {
        ask.tick().await;
        if ready().await.is_some() {
            return;
        }
    }
    panic!("not within ten minutes");
}

/// From the due time to the commit.
async fn report(pool: &PgPool, what: &str) {
    let row = sqlx::query(
        "SELECT percentile_disc(ARRAY[0.5, 0.99, 1.0]) WITHIN GROUP (ORDER BY extract(epoch FROM \
                recorded_at - (payload->>'due_at')::timestamptz)::float8) AS late, count(*) AS raised, \
                count(DISTINCT aggregate_id) AS tickets \
         FROM events WHERE event_type = 'SlaBreached'",
    )
    .fetch_one(pool)
    .await
    .expect("the log");
    let late: Vec<f64> = row.get("late");
    println!(
        "{what} p50 {:.2} s, p99 {:.2} s (at most 1), all within {:.2} s; {} of {} tickets",
        late[0],
        late[1],
        late[2],
        row.get::<i64, _>("raised"),
        row.get::<i64, _>("tickets"),
    );
}

fn memory(docket: &Docket) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", docket.pid())).expect("its status");
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).expect("a line");
        line.split_whitespace().nth(1).expect("a number").parse::<f64>().expect("a number") / 1024.0
    };
    println!(
        "resident memory of docket: {:.0} MB, at its most {:.0} MB (at most 300)",
        of("VmRSS"),
        of("VmHWM")
    );
}
