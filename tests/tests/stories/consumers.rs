//! Programs that follow one tenant's events on NATS: what they get, and what they can't do however they try.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::PullConsumer;
use docket_tests::{Access, Client, DEADLINE, Docket, Options, eventually, signal};
use futures::StreamExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::python::here;

const STREAM: &str = "DOCKET_MAIN";

fn position(message: &async_nats::Message) -> i64 {
    let headers = message.headers.as_ref().expect("headers");
    headers.get("docket-position").expect("a position").as_str().parse().expect("a number")
}

/// What a durable delivers up to a position: positions and subjects.
async fn read_up_to(consumer: &PullConsumer, last: i64) -> Vec<(i64, String)> {
    let mut messages = Access::messages(consumer).await.expect("messages");
    let mut read = Vec::new();
    loop {
        let next = tokio::time::timeout(DEADLINE, messages.next()).await.expect("an event in time");
        let message = next.expect("an event").expect("an event");
        message.ack().await.expect("acknowledged");
        read.push((position(&message), message.subject.to_string()));
        if position(&message) >= last {
            return read;
        }
    }
}

/// The positions of a tenant's events, over HTTP.
async fn feed(docket: &Docket, tenant: &str, filter: &str) -> Vec<i64> {
    let token = docket.run_ok(&["token", "--tenant", tenant, "--role", "platform_admin", "--sub", "maria"]);
    let client = Client::new(docket.url(), Some(&token));
    let mut positions = Vec::new();
    let mut after = 0;
    loop {
        let page = client.get(&format!("/v1/events?limit=200&after={after}{filter}")).await.expect(200);
        let items = page.body["items"].as_array().expect("items");
        positions.extend(items.iter().filter_map(|item| item["position"].as_i64()));
        match page.body["next_after"].as_i64() {
            Some(next) if next > after => after = next,
            _ => return positions,
        }
    }
}

async fn some_tickets(docket: &Docket, tenant: &str, count: usize) -> i64 {
    let token = docket.run_ok(&["token", "--tenant", tenant, "--role", "support_agent", "--sub", "amir"]);
    let client = Client::new(docket.url(), Some(&token));
    let mut position = 0;
    for number in 0..count {
        let opened = client.open(&format!("Ticket {number}")).await;
        let path = format!("/v1/tickets/{}", opened.text("id"));
        client.post(&format!("{path}/reply"), json!({"body": "Seen."})).await.expect(200);
        position = client.post(&format!("{path}/resolve"), json!({})).await.expect(200).position();
    }
    position
}

fn positions<T: FromIterator<i64>>(read: &[(i64, String)]) -> T {
    read.iter().map(|(position, _)| *position).collect()
}

async fn consumer(access: &Access) -> PullConsumer {
    let (client, _) = eventually("a connection", || async { access.connect().await.ok() }).await;
    eventually("the consumer is there", || access.consumer(client.clone())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_gets_every_event_of_its_tenant_in_order_and_of_its_types_alone() {
    let docket = Docket::up().await;
    docket.run_ok(&["tenant", "create", "other"]);
    let before = some_tickets(&docket, "default", 5).await;
    let warehouse = Access::create(&docket, "warehouse", "default", &[]);
    let theirs = Access::create(&docket, "warehouse", "other", &[]);
    let resolved = Access::create(&docket, "bonus", "default", &["--only", "TicketResolved"]);
    let first = consumer(&warehouse).await;
    let mut read = read_up_to(&first, before).await;
    let other_last = some_tickets(&docket, "other", 3).await;
    let last = some_tickets(&docket, "default", 5).await;
    read.extend(read_up_to(&first, last).await);

    assert_eq!(positions::<Vec<_>>(&read), feed(&docket, "default", "").await);
    let read = read_up_to(&consumer(&theirs).await, other_last).await;
    assert_eq!(positions::<Vec<_>>(&read), feed(&docket, "other", "").await);
    let read = read_up_to(&consumer(&resolved).await, last).await;
    assert!(read.iter().all(|(_, subject)| subject.ends_with(".TicketResolved")), "{read:?}");
    assert_eq!(positions::<Vec<_>>(&read), feed(&docket, "default", "&type=TicketResolved").await);
    assert!(docket.run_ok(&["consumer", "list"]).contains("bonus of default: TicketResolved"));
}

/// Everything that a program could try with leave for its own consumer. None of it may do anything.
fn attempts(mine: &Access, other: &Access) -> Vec<(String, String, String)> {
    let (name, others) = (&mine.consumers[0].name, &other.consumers[0].name);
    let others_event = other.consumers[0].subject.replace('>', "ticket.x.TicketOpened");
    let own_event = mine.consumers[0].subject.replace('>', "ticket.x.TicketOpened");
    let create = |name: &str, filter: &str, deliver: &str| {
        let config = json!({
            "name": name, "filter_subject": filter, "deliver_subject": deliver, "ack_policy": "none",
        });
        json!({"stream_name": STREAM, "config": config}).to_string()
    };
    let inbox = "_INBOX.mine".to_owned();
    let mut attempts = Vec::new();
    for api in ["$JS.API", "$JS.docket.API"] {
        let mut request = |what: &str, body: String| {
            attempts.push((format!("{api}.{what}"), body, inbox.clone()));
        };
        request(&format!("STREAM.MSG.GET.{STREAM}"), json!({"seq": 1}).to_string());
        request(&format!("DIRECT.GET.{STREAM}"), json!({"seq": 1}).to_string());
        request("STREAM.NAMES", String::new());
        request(&format!("STREAM.INFO.{STREAM}"), String::new());
        request(&format!("STREAM.PURGE.{STREAM}"), String::new());
        request(&format!("STREAM.DELETE.{STREAM}"), String::new());
        request(&format!("CONSUMER.LIST.{STREAM}"), String::new());
        request(&format!("CONSUMER.INFO.{STREAM}.{others}"), String::new());
        request(&format!("CONSUMER.DELETE.{STREAM}.{others}"), String::new());
        request(&format!("CONSUMER.MSG.NEXT.{STREAM}.{others}"), "100".to_owned());
        let filter = &other.consumers[0].subject;
        for (called, filter) in
            [(name.as_str(), filter.as_str()), (others, filter), ("new", filter), ("new", "")]
        {
            for deliver in ["_INBOX.mine", &others_event, &format!("$JS.API.STREAM.DELETE.{STREAM}"), ""] {
                let config = create(called, filter, deliver);
                request(&format!("CONSUMER.CREATE.{STREAM}.{called}.{filter}"), config.clone());
                request(&format!("CONSUMER.CREATE.{STREAM}"), config.clone());
                request(&format!("CONSUMER.DURABLE.CREATE.{STREAM}.{called}"), config);
            }
        }
        // What is allowed, with the answer sent where only others may publish.
        for reply in
            [&own_event, &others_event, &format!("$JS.API.STREAM.DELETE.{STREAM}"), "docket.main.poke"]
        {
            attempts.push((format!("{api}.CONSUMER.INFO.{STREAM}.{name}"), String::new(), reply.to_owned()));
            attempts.push((
                format!("{api}.CONSUMER.MSG.NEXT.{STREAM}.{name}"),
                "1".to_owned(),
                reply.to_owned(),
            ));
        }
    }
    for subject in [own_event, others_event, "docket.main.poke".to_owned()] {
        attempts.push((subject, "forged".to_owned(), inbox.clone()));
    }
    attempts.push((format!("$JS.ACK.{STREAM}.{others}.1.1.1.1.0"), String::new(), inbox));
    attempts
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_or_disturbs_what_is_anothers() {
    let docket = Docket::up().await;
    docket.run_ok(&["tenant", "create", "other"]);
    let last = some_tickets(&docket, "other", 2).await;
    let mine = Access::create(&docket, "warehouse", "default", &[]);
    let other = Access::create(&docket, "warehouse", "other", &[]);
    docket.settled().await;
    let owner = docket.nats().await;
    let context = jetstream::new(owner.clone());
    let mut poked = owner.subscribe("docket.main.poke").await.expect("a subscription");
    owner.flush().await.expect("subscribed");
    let stream = context.get_stream(STREAM).await.expect("the stream");
    let (before, consumers) = (stream.cached_info().state.clone(), stream.cached_info().state.consumer_count);

    let (client, _) = mine.connect().await.expect("a connection");
    let mut inbox = client.subscribe("_INBOX.mine").await.expect("a subscription");
    for (subject, body, reply) in attempts(&mine, &other) {
        client.publish_with_reply(subject, reply, body.into()).await.expect("sent");
    }
    let overheard = [">", "docket.>", "$JS.>", "$SYS.>", &other.consumers[0].subject, "docket.main.poke"];
    let (ear, mut refused) = mine.connect().await.expect("a connection");
    for subject in overheard {
        // Dropped at once it would be given up before the server is asked.
        let _heard = ear.subscribe(subject.to_owned()).await.expect("sent");
        eventually("the subscription is refused", || {
            let told = refused.try_recv().ok();
            async move { told.filter(|told| told.to_lowercase().contains("subscription")) }
        })
        .await;
    }
    client.flush().await.expect("all of it arrived");

    // Nothing came back, but that there is no such thing.
    let mut answers = Vec::new();
    while let Ok(Some(answer)) = tokio::time::timeout(Duration::from_millis(300), inbox.next()).await {
        answers.push(answer);
    }
    assert!(
        answers.iter().all(|answer| answer.status == Some(async_nats::StatusCode::NO_RESPONDERS)),
        "{answers:?}"
    );
    let stream = context.get_stream(STREAM).await.expect("the stream is still there");
    let after = &stream.cached_info().state;
    assert_eq!((after.first_sequence, after.last_sequence), (before.first_sequence, before.last_sequence));
    assert_eq!((after.messages, after.consumer_count), (before.messages, consumers));
    let heard = tokio::time::timeout(Duration::from_millis(100), poked.next()).await;
    assert!(heard.is_err(), "the relay was poked: {heard:?}");
    // Nothing was taken from the other one either.
    let read = read_up_to(&consumer(&other).await, last).await;
    assert_eq!(positions::<Vec<_>>(&read), feed(&docket, "other", "").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn restarts_keep_it_and_revoking_cuts_it_off() {
    let mut docket = Docket::up().await;
    let access = Access::create(&docket, "warehouse", "default", &[]);
    let last = some_tickets(&docket, "default", 2).await;
    let first = consumer(&access).await;
    let mut seen: BTreeSet<i64> = positions(&read_up_to(&first, last).await);
    // The server alone, then all of Docket.
    let before = docket.status()["nats"]["pid"].as_u64().expect("a pid");
    signal(before as u32, "KILL");
    let last = some_tickets(&docket, "default", 2).await;
    eventually("nats-server is back", || {
        let now = docket.status()["nats"]["pid"].as_u64();
        async move { now.filter(|now| *now != before) }
    })
    .await;
    // The server may have forgotten how far it was, so some come again.
    seen.extend(positions::<Vec<_>>(&read_up_to(&consumer(&access).await, last).await));
    assert!(docket.interrupt().await.success());
    docket.up_again().await;
    let last = some_tickets(&docket, "default", 1).await;
    let (client, mut told) = access.connect().await.expect("the same password");
    let second = eventually("the consumer is there", || access.consumer(client.clone())).await;
    seen.extend(positions::<Vec<_>>(&read_up_to(&second, last).await));
    let all: BTreeSet<i64> = feed(&docket, "default", "").await.into_iter().collect();
    assert_eq!(seen, all);

    // Its own program may start over: Docket makes its place in the stream anew, at the first event.
    let context = access.context(client.clone());
    context.delete_consumer_from_stream(&access.consumers[0].name, STREAM).await.expect("removed");
    let anew = eventually("it is made anew", || access.consumer(client.clone())).await;
    assert_eq!(positions::<BTreeSet<_>>(&read_up_to(&anew, last).await), all);

    docket.run_ok(&["consumer", "revoke", "warehouse", "--tenant", "default"]);
    eventually("the connection is cut", || {
        let told = told.try_recv().ok();
        async move { told.filter(|told| told.contains("disconnected")) }
    })
    .await;
    assert!(access.connect().await.is_err(), "the password is good no more");
    let context = jetstream::new(docket.nats().await);
    let gone = context.get_consumer_from_stream::<jetstream::consumer::pull::Config, _, _>(
        &access.consumers[0].name,
        STREAM,
    );
    assert!(gone.await.is_err(), "its place is forgotten");
    let again = docket.run(&["consumer", "revoke", "warehouse", "--tenant", "default"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("docket consumer list"));
    // And the owner's address is what it was.
    some_tickets(&docket, "default", 1).await;
    docket.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_from_before_there_were_accounts_is_taken_over() {
    let mut docket = Docket::up().await;
    some_tickets(&docket, "default", 2).await;
    docket.settled().await;
    let before = docket.status()["relay"]["epoch"].clone();
    assert!(docket.interrupt().await.success());
    let store = docket.data_dir().join("nats/jetstream/jetstream");
    std::fs::rename(store.join("DOCKET"), store.join("$G")).expect("the account's folder");
    docket.up_again().await;
    some_tickets(&docket, "default", 1).await;
    docket.settled().await;
    assert_eq!(docket.status()["relay"]["epoch"], before, "it wasn't built anew");
    assert!(!store.join("$G").exists());
}

/// A nats-server of the operator's own, in whose configuration the accounts are the operator's.
struct OwnServer {
    process: std::process::Child,
    dir: tempfile::TempDir,
    port: u16,
}

impl OwnServer {
    fn configure(dir: &Path, port: u16, exports: &str, accounts: &str) {
        let text = format!(
            "include \"{}\"\nlisten: \"127.0.0.1:{port}\"\njetstream: {{ store_dir: {:?} }}\naccounts {{\n\
             DOCKET {{ jetstream: enabled, users: [{{ user: us, password: ours }}], exports: [\n{exports}] }}\n{accounts}}}\n",
            "docket.conf",
            dir.join("jetstream").display().to_string(),
        );
        std::fs::write(dir.join("nats.conf"), text).expect("written");
    }

    fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let settings = here("../deploy/nats/docket.conf");
        std::fs::copy(settings, dir.path().join("docket.conf")).expect("the settings");
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("its address").port();
        drop(free);
        Self::configure(dir.path(), port, "", "");
        let program =
            std::env::var("DOCKET_NATS_SERVER").unwrap_or_else(|_| "/usr/sbin/nats-server".to_owned());
        let program = if Path::new(&program).exists() { program } else { "nats-server".to_owned() };
        let log = std::fs::File::create(dir.path().join("log")).expect("a log");
        let process = Command::new(program).arg("-c").arg(dir.path().join("nats.conf")).stderr(log).spawn();
        Self { process: process.expect("nats-server starts"), dir, port }
    }

    /// As an operator does: twice.
    async fn reload(&self, exports: &str, accounts: &str) {
        Self::configure(self.dir.path(), self.port, exports, accounts);
        for times in 1..=2 {
            signal(self.process.id(), "HUP");
            eventually("the server has read it", || {
                let log = std::fs::read_to_string(self.dir.path().join("log")).expect("its log");
                async move { (log.matches("Reloaded server configuration").count() == times).then_some(()) }
            })
            .await;
        }
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_ones_own_takes_the_block_that_is_printed() {
    let server = OwnServer::start();
    let url = format!("nats://us:ours@127.0.0.1:{}", server.port);
    let args = vec!["--nats-url".to_owned(), url];
    let docket = Docket::up_with(Options { args, ..Options::default() }).await;
    let last = some_tickets(&docket, "default", 2).await;
    let access = Access::create(&docket, "warehouse", "default", &[]);
    assert!(access.connect().await.is_err(), "the server hasn't been told yet");
    let block = access.server_configuration.clone().expect("a block");
    server.reload(&block.exports, &block.accounts).await;
    let read = read_up_to(&consumer(&access).await, last).await;
    assert_eq!(positions::<Vec<_>>(&read), feed(&docket, "default", "").await);
    let said = docket.run_ok(&["consumer", "revoke", "warehouse", "--tenant", "default"]);
    assert!(said.contains("configuration"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_doesnt_read_is_cut_off_and_delays_nobody() {
    let docket = Docket::up().await;
    let deaf = Access::create(&docket, "deaf", "default", &[]);
    let awake = Access::create(&docket, "awake", "default", &[]);
    let address: async_nats::ServerAddr = deaf.url.parse().expect("an address");
    let socket = tokio::net::TcpStream::connect((address.host(), address.port())).await;
    let mut socket = socket.expect("a connection");
    let login = json!({
        "verbose": false, "pedantic": false, "headers": true,
        "user": address.username(), "pass": address.password(),
    });
    let hello = format!("CONNECT {login}\r\nSUB {} 1\r\nPING\r\n", deaf.consumers[0].subject);
    socket.write_all(hello.as_bytes()).await.expect("sent");
    let mut greeting = String::new();
    while !greeting.contains("PONG") {
        let mut some = [0; 1024];
        let length = socket.read(&mut some).await.expect("a greeting");
        assert!(length > 0, "{greeting}");
        greeting += &String::from_utf8_lossy(&some[..length]);
    }
    // From here on it reads nothing, while more comes than the system's buffers hold.
    let client = docket.client("customer", "carla");
    let mut last = 0;
    let started = std::time::Instant::now();
    for number in 0..30 {
        let body = json!({"subject": format!("Long {number}"), "description": "x".repeat(60_000)});
        let opened = client.post("/v1/tickets", body).await.expect(201);
        let path = format!("/v1/tickets/{}/reply", opened.text("id"));
        for _ in 0..10 {
            last = client.post(&path, json!({"body": "y".repeat(60_000)})).await.expect(200).position();
        }
    }
    let read = read_up_to(&consumer(&awake).await, last).await;
    assert_eq!(read.len(), feed(&docket, "default", "").await.len());
    assert!(started.elapsed() < DEADLINE, "nobody waits for it: {:?}", started.elapsed());
    let log = docket.data_dir().join("logs/nats-server.log");
    eventually("it is cut off", || {
        let said = std::fs::read_to_string(&log).expect("the server's log");
        async move { said.contains("Slow Consumer").then_some(()) }
    })
    .await;
    // What was on its way is still there to be read, then the connection ends.
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(DEADLINE, socket.read_to_end(&mut rest)).await.expect("it ends");
    assert!(ended.is_err() || rest.len() < 20_000_000, "{} bytes", rest.len());
    // It goes on where it was: what is kept for it is a place in the stream, not memory.
    assert_eq!(read_up_to(&consumer(&deaf).await, last).await.len(), read.len());
}
