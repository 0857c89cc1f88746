//! How fast statistics answer, and a whole list leaves: a tenant with 100,000 tickets of a year, beside one with
//! 1,000,000.
//!
//! `make bench` runs it with the release build; `DOCKET_BENCH_TICKETS` says how many tickets the large tenant
//! has (1,000,000).

#![expect(clippy::expect_used, reason = "a bench stops at the first error")]

use std::time::{Duration, Instant};

use docket_tests::{Client, Docket, Options};
use futures::StreamExt as _;
use sqlx::PgPool;

/// The tenant whose statistics are asked for.
const TICKETS: i64 = 100_000;
/// How many events each ticket has.
const EVENTS: i64 = 6;
/// How often each question is asked; the first ones, for which nothing is prepared, are counted too.
const ASKED: usize = 500;
/// How many tickets one statement writes.
const AT_ONCE: i64 = 50_000;

fn main() {
    docket_tests::bench(bench());
}

async fn bench() {
    let large: i64 =
        std::env::var("DOCKET_BENCH_TICKETS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    // Nobody else writes meanwhile.
    let env = vec![("DOCKET_TIMERS".to_owned(), "off".to_owned())];
    let docket = Docket::up_with(Options { env, ..Options::default() }).await;
    docket.run_ok(&["tenant", "create", "large"]);
    let pool = docket.postgres().await;
    write(&pool, "default", TICKETS).await;
    write(&pool, "large", large).await;
    let started = Instant::now();
    until_settled(&docket).await;
    let events = (TICKETS + large) * EVENTS;
    println!(
        "{events} events of {} tickets; the read models show them {:.0} s later",
        TICKETS + large,
        started.elapsed().as_secs_f64()
    );
    sqlx::query("VACUUM ANALYZE").execute(&pool).await.expect("vacuum");
    let lead = docket.client("support_lead", "lea");
    let now = chrono::DateTime::from_timestamp(YEAR_ENDS, 0).expect("a time");
    let from = now - chrono::TimeDelta::days(365);
    let year = format!("from={}&to={}", from.format("%FT%TZ"), now.format("%FT%TZ"));
    println!("a tenant with {TICKETS} tickets, over a year; milliseconds, p99 at most 20:");
    for path in [
        "/v1/stats?group_by=day",
        "/v1/stats",
        "/v1/stats?group_by=month,priority",
        "/v1/stats?group_by=category",
        "/v1/stats/volume?group_by=day",
        "/v1/stats/agents?group_by=agent",
        "/v1/stats/satisfaction?group_by=day",
        "/v1/stats/sla?group_by=day",
        "/v1/stats/busiest?",
    ] {
        let apart = if path.contains('?') { if path.ends_with('?') { "" } else { "&" } } else { "?" };
        ask(&lead, &format!("{path}{apart}{year}")).await;
    }
    println!("the dashboard; milliseconds, p99 at most 5:");
    ask(&lead, "/v1/stats/dashboard").await;
    println!("not from days, asked less often; no bound:");
    ask_times(&lead, ASKED / 25, &format!("/v1/stats/volume?group_by=day&time_zone=Asia/Tokyo&{year}")).await;
    let token = docket.run_ok(&[
        "token",
        "--tenant",
        "large",
        "--role",
        "support_admin",
        "--sub",
        "ada",
        "--ttl",
        "1h",
    ]);
    export(&docket, &Client::new(docket.url(), Some(&token)), large).await;
}

/// When the year ends of which the tickets are: 2026-01-01.
const YEAR_ENDS: i64 = 1_767_225_600;

async fn ask(lead: &Client, path: &str) {
    ask_times(lead, ASKED, path).await;
}

async fn ask_times(lead: &Client, times: usize, path: &str) {
    let mut took = Vec::with_capacity(times);
    let mut size = 0;
    for _ in 0..times {
        let request = lead.request(reqwest::Method::GET, path);
        let started = Instant::now();
        // To the last byte; what the caller makes of it is theirs.
        let response = request.send().await.expect("an answer").error_for_status().expect("a good one");
        size = response.bytes().await.expect("all of it").len();
        took.push(started.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    let at = |percent: usize| took[(took.len() * percent).div_ceil(100).saturating_sub(1)];
    println!("  {:6.1} p50 {:6.1} p99 {:9} bytes  {path}", at(50), at(99), size);
}

/// All tickets of a tenant as CSV.
async fn export(docket: &Docket, admin: &Client, tickets: i64) {
    let request = admin.request(reqwest::Method::GET, "/v1/tickets?sort=number").header("accept", "text/csv");
    let (before, started) = (resident(docket), Instant::now());
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let mut body = response.bytes_stream();
    let (mut lines, mut bytes, mut most) = (0_usize, 0, before);
    let mut looked = Instant::now();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.expect("the rest of the file");
        lines += chunk.split(|byte| *byte == b'\n').count() - 1;
        bytes += chunk.len();
        if looked.elapsed() > Duration::from_millis(200) {
            (most, looked) = (most.max(resident(docket)), Instant::now());
        }
    }
    let took = started.elapsed().as_secs_f64();
    assert_eq!(lines as i64, tickets + 1);
    println!(
        "CSV of {tickets} tickets: {:.0} rows/s (at least 50,000), {:.0} MB/s; memory of docket {before:.0} MB \
         before, {most:.0} MB at its most",
        tickets as f64 / took,
        bytes as f64 / took / 1e6
    );
}

/// In MB.
fn resident(docket: &Docket) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", docket.pid())).expect("its status");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("a line");
    line.split_whitespace().nth(1).expect("a number").parse::<f64>().expect("a number") / 1024.0
}

/// Writes a year of tickets straight into the log, as the owner of the database may: each opened, assigned,
/// taken up, answered, resolved and closed.
async fn write(pool: &PgPool, tenant: &str, tickets: i64) {
    let id = domain::ids::TenantId::of_key(tenant);
    let mut first = 0;
    while first < tickets {
        let count = AT_ONCE.min(tickets - first);
        let sql = format!(
            "WITH head AS MATERIALIZED (SELECT coalesce(max(position), 0) AS position FROM events), \
             ticket AS (SELECT i, md5('{tenant}' || ({first} + i))::uuid AS id, \
                    to_timestamp({YEAR_ENDS}) - ({tickets} - {first} - i) * (interval '365 days' / {tickets}) AS opened \
                 FROM generate_series(1::bigint, {count}) AS i), \
             event AS ( \
                 SELECT i, id, 1 AS n, 'TicketOpened' AS type, opened AS at, json_build_object('number', \
                     'TKT-' || lpad(({first} + i)::text, 8, '0'), 'subject', 'Printer ' || i, \
                     'description', repeat('It shows an error. ', 4), \
                     'requester', json_build_object('id', 'c' || i % 5000), 'status', 'new', \
                     'status_category', 'new', 'priority', (ARRAY['critical', 'high', 'medium', 'low'])[1 + i % 4], \
                     'priority_rank', 1 + i % 4, 'source', (ARRAY['email', 'portal', 'phone'])[1 + i % 3], \
                     'category', 'category-' || i % 20) AS payload FROM ticket \
                 UNION ALL SELECT i, id, 2, 'TicketAssigned', opened + interval '5 min', json_build_object('from', \
                     json_build_object(), 'to', json_build_object('agent', 'agent-' || i % 50, 'team', \
                     'team-' || i % 8)) FROM ticket \
                 UNION ALL SELECT i, id, 3, 'StatusChanged', opened + interval '6 min', json_build_object('from', \
                     'new', 'from_category', 'new', 'to', 'in_progress', 'to_category', 'open') FROM ticket \
                 UNION ALL SELECT i, id, 4, 'ReplyAdded', opened + (7 + i * 7919 % 600) * interval '1 min', \
                     json_build_object('message_id', id, 'author', json_build_object('id', 'agent-' || i % 50, \
                     'kind', 'agent'), 'body', 'Seen.', 'first_response', true) FROM ticket \
                 UNION ALL SELECT i, id, 5, 'TicketResolved', opened + (700 + i * 104729 % 9000) * interval '1 min', \
                     json_build_object('from', 'in_progress', 'from_category', 'open', 'to', 'resolved', \
                     'to_category', 'resolved') FROM ticket \
                 UNION ALL SELECT i, id, 6, 'TicketRated', opened + (9800 + i % 60) * interval '1 min', \
                     json_build_object('rating', 1 + i % 5) FROM ticket) \
             INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
                                 payload, metadata, event_id, tenant_id, command_id, recorded_at) \
             SELECT head.position + (i - 1) * {EVENTS} + n, 'ticket', id::text, n, type, '1', payload, \
                    json_build_object('actor', json_build_object('id', 'bench', 'kind', 'agent'), 'occurred_at', \
                        to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')), \
                    gen_random_uuid(), '{id}', gen_random_uuid(), now() \
             FROM head, event ORDER BY i, n"
        );
        sqlx::query(&sql).execute(pool).await.expect("tickets");
        first += count;
    }
}

/// Waits until the read models show the whole log, and it is published; half an hour at most.
async fn until_settled(docket: &Docket) {
    let mut ask = tokio::time::interval(Duration::from_secs(1));
    for _ in 0..1_800 {
        ask.tick().await;
        let status = docket.status();
        let Some(head) = status["log"]["head"].as_i64() else { continue };
        let at_head = |each: &serde_json::Value| each["position"].as_i64() == Some(head);
        let all = status["projections"].as_array().is_some_and(|all| all.iter().all(at_head));
        // What the relay has to do would be in the way of questions.
        if all && at_head(&status["relay"]) {
            return;
        }
    }
    panic!("not within half an hour");
}
