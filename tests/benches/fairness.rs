//! What a noisy user costs a quiet one: the quiet one's p99 beside it, as a ratio to its own.
//!
//! For each of what a service has little of there is somebody at full speed: searches, bulk commands, files that
//! are read slowly, streams. Somebody of another tenant asks for a page of tickets all the while.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a bench stops at the first error, and measures by the clock"
)]

#[expect(dead_code, reason = "other benches take the rest")]
mod load;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use docket_tests::Docket;
use load::{Connection, get, post};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;

/// How many tickets the noisy tenant has.
const TICKETS: usize = 20_000;
/// How long each noise lasts.
const LENGTH: Duration = Duration::from_secs(10);
/// The most that a quiet one's p99 may be of its own.
const AT_MOST: f64 = 3.0;

fn main() {
    docket_tests::bench(bench());
}

/// Asks again and again, whatever is answered.
type Noise = fn(String, String, usize, Arc<AtomicBool>) -> tokio::task::JoinHandle<u64>;

async fn bench() {
    let docket = Docket::up().await;
    let address = docket.url().trim_start_matches("http://").to_owned();
    docket.run_ok(&["tenant", "create", "quiet"]);
    fill(&docket, &address).await;
    let quiet = docket.run_ok(&["token", "--tenant", "quiet", "--role", "support_agent", "--sub", "quinn"]);
    let mut connection = Connection::open(&address).await;
    for _ in 0..200 {
        let open = post("/v1/tickets", &quiet, &json!({"subject": "Quiet", "description": "x"}).to_string());
        assert_eq!(connection.send(&open).await.status, 201);
    }
    docket.settled().await;
    let (own, _) = ask(&address, &quiet).await;
    println!("a page of tickets, nobody else: p99 {own:.1} ms = 1.00");
    let customer = docket.token("customer", "carla");
    let agent = docket.token("support_agent", "amir");
    for (what, connections, token, noise) in [
        ("16 searches of a customer", 16, &customer, searches as Noise),
        ("16 searches of an agent", 16, &agent, searches),
        ("4 connections of bulk commands", 4, &agent, bulk),
        ("64 connections of commands", 64, &agent, commands),
        ("8 files that nobody reads", 8, &agent, files),
        ("60 streams", 60, &agent, streams),
    ] {
        let over = Arc::new(AtomicBool::new(false));
        let noisy: Vec<_> =
            (0..connections).map(|each| noise(address.clone(), token.clone(), each, over.clone())).collect();
        tokio::time::sleep(Duration::from_millis(500)).await;
        let (beside, refused) = ask(&address, &quiet).await;
        over.store(true, Ordering::Relaxed);
        let mut done = 0;
        for one in noisy {
            done += one.await.expect("a noisy one");
        }
        println!(
            "beside {what} ({done} answered): p99 {beside:.1} ms = {:.2} (at most {AT_MOST}), {refused} refused (at most 0)",
            beside / own
        );
        docket.settled().await;
    }
}

/// The p99 of a quiet one's pages, in milliseconds, and how many weren't answered.
async fn ask(address: &str, token: &str) -> (f64, u64) {
    let mut connection = Connection::open(address).await;
    let page = get("/v1/tickets?limit=20", token, "");
    let (mut took, mut refused) = (Vec::new(), 0);
    let began = Instant::now();
    while began.elapsed() < LENGTH {
        let asked = Instant::now();
        if connection.send(&page).await.status == 200 {
            took.push(asked.elapsed().as_secs_f64() * 1e3);
        } else {
            refused += 1;
        }
        // Quiet.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    took.sort_by(f64::total_cmp);
    (took[took.len() * 99 / 100], refused)
}

async fn fill(docket: &Docket, address: &str) {
    let token = docket.token("support_agent", "amir");
    let mut connection = Connection::open(address).await;
    let mut opened = 0;
    while opened < TICKETS {
        let command = |number: usize| {
            json!({"type": "open", "subject": format!("The printer of room {number} shows the error"),
                "description": "It shows the error since the morning, and the light is on.", "requester": {"id": "carla"}})
        };
        let commands: Vec<_> = (opened..opened + 500).map(command).collect();
        let request = post("/v1/commands", &token, &json!({"commands": commands}).to_string());
        match connection.send(&request).await.status {
            200 => opened += 500,
            // Read models come first.
            503 => tokio::time::sleep(Duration::from_millis(200)).await,
            other => panic!("{other}"),
        }
    }
    docket.settled().await;
}

fn again(address: String, over: Arc<AtomicBool>, request: Vec<u8>) -> tokio::task::JoinHandle<u64> {
    tokio::spawn(async move {
        let mut connection = Connection::open(&address).await;
        let mut answered = 0;
        while !over.load(Ordering::Relaxed) {
            answered += u64::from(connection.send(&request).await.status < 300);
        }
        answered
    })
}

fn searches(address: String, token: String, _: usize, over: Arc<AtomicBool>) -> tokio::task::JoinHandle<u64> {
    again(address, over, get("/v1/tickets?q=the%20error%20light&count=true", &token, ""))
}

fn bulk(address: String, token: String, _: usize, over: Arc<AtomicBool>) -> tokio::task::JoinHandle<u64> {
    let command = json!({"type": "open", "subject": "Many", "description": "of them"});
    again(address, over, post("/v1/commands", &token, &json!({"commands": vec![command; 500]}).to_string()))
}

fn commands(address: String, token: String, _: usize, over: Arc<AtomicBool>) -> tokio::task::JoinHandle<u64> {
    again(
        address,
        over,
        post("/v1/tickets", &token, &json!({"subject": "One", "description": "x"}).to_string()),
    )
}

/// Asks and reads nothing.
fn held(address: String, over: Arc<AtomicBool>, request: Vec<u8>) -> tokio::task::JoinHandle<u64> {
    tokio::spawn(async move {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(16 * 1024).expect("a small buffer");
        let mut stream = socket.connect(address.parse().expect("an address")).await.expect("a connection");
        stream.write_all(&request).await.expect("written");
        let mut first = [0; 12];
        let answered = AtomicU64::new(0);
        let read = stream.read_exact(&mut first);
        if tokio::time::timeout(LENGTH, read).await.is_ok_and(|read| read.is_ok()) && first.ends_with(b"200")
        {
            answered.fetch_add(1, Ordering::Relaxed);
        }
        while !over.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        answered.load(Ordering::Relaxed)
    })
}

fn files(address: String, token: String, _: usize, over: Arc<AtomicBool>) -> tokio::task::JoinHandle<u64> {
    held(address, over, get("/v1/tickets", &token, "accept: text/csv\r\n"))
}

fn streams(address: String, token: String, _: usize, over: Arc<AtomicBool>) -> tokio::task::JoinHandle<u64> {
    held(address, over, get("/v1/events/stream?after=0", &token, ""))
}
