//! Events over HTTP: from commit to each of many subscribers, what a subscriber costs, and how fast the
//! feed is read from the first event.
//!
//! `make bench` runs it with the release build. It starts `docket up` with engines of its own, with
//! everything running, on the same cores as the writers and the subscribers.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a bench stops at the first error, and measures by the clock"
)]

mod load;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use docket_tests::{Docket, eventually};
use load::{Connection, find, get, post};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Mutex;

const TENANTS: usize = 50;
const SUBSCRIBERS: usize = 200;
const RATE: u64 = 1_000;
const LENGTH: Duration = Duration::from_secs(20);
/// Not measured: connections open, plans are made, caches fill.
const WARM: Duration = Duration::from_secs(3);
const STALLED: usize = 200;
/// How many events the feed is read from.
const BACKLOG: i64 = 300_000;

fn main() {
    docket_tests::bench(bench());
}

async fn bench() {
    let docket = Docket::up().await;
    let address: Arc<str> = docket.url().trim_start_matches("http://").into();
    let tokens: Vec<String> = (0..TENANTS)
        .map(|each| {
            let tenant = format!("tenant{each}");
            docket.run_ok(&["tenant", "create", &tenant]);
            docket.run_ok(&["token", "--tenant", &tenant, "--role", "support_agent", "--sub", "bench"])
        })
        .collect();
    live(&docket, &address, &tokens).await;
    let token = docket.token("support_agent", "bench");
    backlog(&docket).await;
    feed(&address, &token).await;
    stalled(&docket, &address).await;
}

/// From the time that the log gives an event, just before its commit, to each subscriber who has it.
async fn live(docket: &Docket, address: &Arc<str>, tokens: &[String]) {
    // Whatever is needed once is there before subscribers are counted.
    load(address, tokens, WARM).await;
    docket.settled().await;
    let before = memory(docket);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (open, count) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut subscribers = tokio::task::JoinSet::new();
    for each in 0..SUBSCRIBERS {
        let stream = ask(address, "/v1/events/stream", &tokens[each % tokens.len()], None).await;
        subscribers.spawn(subscribe(stream, open.clone(), count.clone(), seen.clone()));
    }
    reaches("all streams are open", &open, SUBSCRIBERS).await;
    let idle = (memory(docket) - before) / SUBSCRIBERS as f64;
    println!("{SUBSCRIBERS} idle subscribers: {idle:.0} kB each (at most 100)");
    let warm = load(address, tokens, WARM).await;
    seen.lock().await.clear();
    let written = load(address, tokens, LENGTH).await;
    let each = SUBSCRIBERS / TENANTS;
    let expected = (warm + written) * each;
    reaches("every event came", &count, expected).await;
    let received = count.load(Ordering::Relaxed);
    assert_eq!(received, expected, "every event to each who follows its tenant");
    subscribers.shutdown().await;
    let mut times = seen.lock().await.clone();
    times.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() as f64 * share).ceil() as usize).saturating_sub(1)];
    println!(
        "{written} events at {:.0}/s over {TENANTS} tenants to {SUBSCRIBERS} subscribers, {received} messages: \
         commit to each p50 {:.1} ms, p99 {:.1} ms (at most 100), all within {:.1} ms",
        written as f64 / LENGTH.as_secs_f64(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

async fn subscribe(
    mut stream: TcpStream,
    open: Arc<AtomicUsize>,
    count: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<f64>>>,
) {
    let (mut raw, mut text) = (Vec::with_capacity(16 * 1024), Vec::new());
    let mut headed = false;
    loop {
        if stream.read_buf(&mut raw).await.expect("read") == 0 {
            return;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_micros() as i64;
        if !headed {
            let Some(end) = find(&raw, b"\r\n\r\n") else { continue };
            assert!(raw.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&raw));
            raw.drain(..end + 4);
            (headed, _) = (true, open.fetch_add(1, Ordering::Relaxed));
        }
        unchunk(&mut raw, &mut text);
        let Some(end) = text.windows(2).rposition(|pair| pair == b"\n\n") else { continue };
        let times: Vec<f64> = String::from_utf8_lossy(&text[..end])
            .split("\"recordedat\":\"")
            .skip(1)
            .map(|rest| rest.split('"').next().and_then(|time| time.parse().ok()).expect("a time"))
            .map(|recorded: DateTime<Utc>| (now - recorded.timestamp_micros()) as f64 / 1000.0)
            .collect();
        count.fetch_add(times.len(), Ordering::Relaxed);
        seen.lock().await.extend(times);
        text.drain(..end + 2);
    }
}

/// Takes whole chunks of a body out of what was read.
fn unchunk(raw: &mut Vec<u8>, text: &mut Vec<u8>) {
    while let Some(line) = find(raw, b"\r\n") {
        let size =
            std::str::from_utf8(&raw[..line]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let (from, size) = (line + 2, size.expect("a size"));
        if raw.len() < from + size + 2 {
            return;
        }
        text.extend_from_slice(&raw[from..from + size]);
        raw.drain(..from + size + 2);
    }
}

/// Opens tickets at the rate, for each tenant in turn; gives how many.
async fn load(address: &Arc<str>, tokens: &[String], length: Duration) -> usize {
    const WRITERS: u64 = 10;
    let body =
        json!({"subject": "Printer shows error 49.4C02", "description": "Since this morning. ".repeat(10)});
    let start = tokio::time::Instant::now();
    let mut writers = tokio::task::JoinSet::new();
    for each in 0..WRITERS {
        let requests: Vec<Vec<u8>> =
            tokens.iter().map(|token| post("/v1/tickets", token, &body.to_string())).collect();
        let address = address.clone();
        writers.spawn(async move {
            let mut connection = Connection::open(&address).await;
            for turn in 0.. {
                let nth = turn * WRITERS + each;
                let due = Duration::from_micros(nth * 1_000_000 / RATE);
                if due >= length {
                    return turn as usize;
                }
                tokio::time::sleep_until(start + due).await;
                let reply = connection.send(&requests[nth as usize % requests.len()]).await;
                assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(reply.body));
            }
            0
        });
    }
    let mut written = 0;
    while let Some(count) = writers.join_next().await {
        written += count.expect("a writer");
    }
    written
}

/// Writes events of one tenant straight into the log, as the owner of the database may.
async fn backlog(docket: &Docket) {
    let pool = docket.postgres().await;
    let tenant = domain::ids::TenantId::of_key("default");
    let sql = format!(
        "WITH head AS MATERIALIZED (SELECT coalesce(max(position), 0) AS position FROM events), \
              ticket AS MATERIALIZED (SELECT n, gen_random_uuid()::text AS id FROM generate_series(0, {BACKLOG} / 10) AS n) \
         INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
                             payload, metadata, event_id, tenant_id, command_id, recorded_at) \
         SELECT head.position + i, 'ticket', ticket.id, i % 10 + 1, \
                CASE i % 10 WHEN 0 THEN 'TicketOpened' ELSE 'ReplyAdded' END, '1', \
                CASE i % 10 WHEN 0 THEN json_build_object('number', 'B-' || i, 'subject', 'Printer ' || i, \
                    'description', repeat('It shows an error. ', 10), \
                    'requester', json_build_object('id', 'carla'), 'status', 'new', 'status_category', 'new', \
                    'priority', 'low', 'priority_rank', 4, 'source', 'api') \
                ELSE json_build_object('message_id', gen_random_uuid(), 'author', \
                    json_build_object('id', 'bench', 'kind', 'agent'), 'body', repeat('We look at it. ', 12), \
                    'first_response', false) END, \
                json_build_object('actor', json_build_object('id', 'bench', 'kind', 'agent'), 'occurred_at', \
                    '2026-01-01T00:00:00.000000Z', 'request_id', gen_random_uuid()), \
                gen_random_uuid(), '{tenant}', gen_random_uuid(), now() \
         FROM head, generate_series(1, {BACKLOG}) AS i JOIN ticket ON ticket.n = i / 10"
    );
    sqlx::query(&sql).execute(&pool).await.expect("events");
    sqlx::query("VACUUM ANALYZE events").execute(&pool).await.expect("statistics");
    // The read models take it in first; it isn't what is measured.
    let behind = |status: serde_json::Value| {
        let head = status["log"]["head"].clone();
        status["projections"].as_array().is_none_or(|all| all.iter().any(|each| each["position"] != head))
    };
    while behind(docket.status()) {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// One consumer, from the first event, with pages as large as may be.
async fn feed(address: &str, token: &str) {
    let mut connection = Connection::open(address).await;
    let (mut after, mut bytes, start) = (0_i64, 0, Instant::now());
    loop {
        let path = format!("/v1/events?after={after}&limit=1000");
        let reply = connection.send(&get(&path, token, "")).await;
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(reply.body));
        bytes += reply.body.len();
        let text = std::str::from_utf8(reply.body).expect("text");
        let next = text.rsplit_once("\"next_after\":").expect("where to go on").1;
        let next: i64 = next.trim_end_matches('}').parse().expect("a position");
        after = next;
        if reply.position == Some(after) {
            break;
        }
    }
    let took = start.elapsed().as_secs_f64();
    println!(
        "feed from the first event, {BACKLOG} events: {:.0}/s (at least 30,000), {:.0} MB/s",
        BACKLOG as f64 / took,
        bytes as f64 / took / 1e6
    );
}

/// Subscribers who ask for all that there is and then read nothing.
async fn stalled(docket: &Docket, address: &str) {
    // Each has a user of their own: one may not have so many.
    let tokens: Vec<String> =
        (0..STALLED / 50).map(|each| docket.token("support_agent", &format!("stalled{each}"))).collect();
    let before = memory(docket);
    let mut streams = Vec::new();
    for each in 0..STALLED {
        let path = "/v1/events/stream?after=0";
        streams.push(ask(address, path, &tokens[each / 50], Some(16 * 1024)).await);
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    println!(
        "{STALLED} stalled subscribers: {:.0} kB each (at most 100)",
        (memory(docket) - before) / STALLED as f64
    );
}

async fn ask(address: &str, path: &str, token: &str, buffer: Option<u32>) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    if let Some(buffer) = buffer {
        socket.set_recv_buffer_size(buffer).expect("a small buffer");
    }
    let mut stream = socket.connect(address.parse().expect("an address")).await.expect("a connection");
    stream.write_all(&get(path, token, "")).await.expect("asked");
    stream
}

/// Waits until so many are counted.
async fn reaches(what: &str, count: &AtomicUsize, expected: usize) {
    eventually(what, || async { (count.load(Ordering::Relaxed) >= expected).then_some(()) }).await;
}

/// What docket's process has in memory, in kB.
fn memory(docket: &Docket) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", docket.pid())).expect("its status");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("VmRSS");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}
