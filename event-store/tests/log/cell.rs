//! A cell of its own for each test: a database, a name in NATS.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::event::TICKET;
use domain::ids::{CommandId, EventId, Position, TenantId, UserId, Version};
use domain::ticket::TicketEvent;
use domain::ticket::event::{TagAdded, TagRemoved};
use event_store::reader::LogReader;
use event_store::{Append, EventLog, Idempotency, LogOptions, NewEvent, Outcome, RecordedEvent, StoredEvent};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, PgPool};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) const METADATA: &str =
    r#"{"actor":{"id":"ada","kind":"agent"},"occurred_at":"2026-01-01T00:00:00Z"}"#;

fn address(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run these with `make test`"))
}

/// Where a test's events live. Dropped with its database and its stream.
pub(crate) struct Cell {
    pub(crate) name: String,
    pub(crate) pool: PgPool,
    pub(crate) reader: LogReader,
    pub(crate) shutdown: CancellationToken,
    pub(crate) options: PgConnectOptions,
    server: PgConnectOptions,
    /// The epoch in which the stream was first seen whole: a stream that the server couldn't make has one too.
    pub(crate) began: OnceLock<i64>,
}

impl Cell {
    pub(crate) async fn new() -> Self {
        // What a failed test tells; a second cell in one test finds it set up.
        let _ = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_test_writer().try_init();
        let server: PgConnectOptions = address("DOCKET_TEST_DATABASE_URL").parse().expect("a Postgres URL");
        let name = format!("t{}", fresh().simple());
        let mut admin = server.connect().await.expect("Postgres");
        admin.execute(format!("CREATE DATABASE {name}").as_str()).await.expect("a database");
        admin.close().await.expect("closed");
        let options = server.clone().database(&name);
        let pool = PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.clone())
            .await
            .expect("a pool");
        event_store::migrate(&pool).await.expect("migrations");
        let (reader, shutdown) = (LogReader::new(pool.clone()), CancellationToken::new());
        Self { name, pool, reader, shutdown, options, server, began: OnceLock::new() }
    }

    /// A log, as a process of its own would have it: run as the command service logs in.
    pub(crate) async fn log(&self) -> EventLog {
        self.log_with(LogOptions::default()).await
    }

    pub(crate) async fn log_with(&self, options: LogOptions) -> EventLog {
        EventLog::start(self.pool_as("docket_command").await, options, self.shutdown.clone())
    }

    /// As a service has it: logged in as one who may become this role and nobody else (`deploy/test-servers.sh`).
    pub(crate) async fn pool_as(&self, role: &str) -> PgPool {
        let options = self.options.clone().username(&format!("{role}_test")).options([("role", role)]);
        PgPoolOptions::new().max_connections(4).connect_with(options).await.expect("a pool")
    }

    /// A pool on the database of a cell that another process made.
    pub(crate) async fn pool_of(name: &str) -> PgPool {
        let server: PgConnectOptions = address("DOCKET_TEST_DATABASE_URL").parse().expect("a Postgres URL");
        PgPoolOptions::new().max_connections(4).connect_with(server.database(name)).await.expect("a pool")
    }

    pub(crate) async fn nats(&self) -> async_nats::Client {
        nats().await
    }

    pub(crate) async fn end(self) {
        self.shutdown.cancel();
        let context = async_nats::jetstream::new(self.nats().await);
        let _ = context.delete_stream(event_store::subjects::stream(&self.name)).await;
        self.pool.close().await;
        let mut admin = self.server.connect().await.expect("Postgres");
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        admin.execute(drop.as_str()).await.expect("dropped");
    }

    pub(crate) async fn events(&self) -> Vec<RecordedEvent> {
        self.reader.read(Position::START, 1_000_000).await.expect("the log")
    }

    /// The whole log, with the promises that hold for every log checked.
    pub(crate) async fn sound_events(&self) -> Vec<RecordedEvent> {
        let events = self.events().await;
        let mut versions = std::collections::HashMap::new();
        for (place, event) in (1..).zip(&events) {
            assert_eq!(event.position, Position(place), "positions have no gaps");
            let version = versions.entry(event.aggregate_id.clone()).or_insert(0);
            *version += 1;
            assert_eq!(event.sequence, Version(*version), "versions have no gaps");
        }
        events
    }
}

/// A new UUIDv7.
#[expect(clippy::disallowed_methods, reason = "the one home of new ids in these tests")]
pub(crate) fn fresh() -> Uuid {
    Uuid::now_v7()
}

pub(crate) async fn nats() -> async_nats::Client {
    async_nats::connect(address("DOCKET_TEST_NATS_URL")).await.expect("NATS")
}

pub(crate) fn tenant() -> TenantId {
    TenantId::of_key("acme")
}

pub(crate) fn tag(tag: &str) -> TicketEvent {
    TagAdded { tag: tag.to_owned() }.into()
}

pub(crate) fn untag(tag: &str) -> TicketEvent {
    TagRemoved { tag: tag.to_owned() }.into()
}

pub(crate) fn new_events(events: &[TicketEvent]) -> Vec<NewEvent> {
    events
        .iter()
        .map(|event| StoredEvent::to_new(event, EventId(fresh()), Arc::from(METADATA)).expect("JSON"))
        .collect()
}

/// An append of one event to a ticket.
pub(crate) fn append(id: &str, expected: i64) -> Append {
    Append {
        tenant: tenant(),
        aggregate_type: TICKET,
        aggregate_id: id.to_owned(),
        expected: Version(expected),
        events: new_events(&[tag(&format!("after {expected}"))]),
        command_id: CommandId(fresh()),
        idempotency: None,
        claims: Vec::new(),
    }
}

pub(crate) fn keyed(mut append: Append, key: &str, request: u8) -> Append {
    append.idempotency = Some(Idempotency {
        user: UserId::new("ada").expect("an id"),
        key: key.to_owned(),
        request_hash: [request; 32],
        answer: serde_json::json!({"request": request}),
        status: 201,
    });
    append
}

pub(crate) fn id() -> String {
    fresh().to_string()
}

pub(crate) fn appended(outcome: &Outcome) -> (i64, i64) {
    match outcome {
        Outcome::Appended { version, position, .. } => (version.0, position.0),
        other => panic!("not appended: {other:?}"),
    }
}

/// Appends so many events to new tickets, one each.
pub(crate) async fn fill(log: &EventLog, count: usize) {
    let appends = (0..count).map(|_| async { log.append(append(&id(), 0)).await.expect("appended") });
    for outcome in futures::future::join_all(appends).await {
        appended(&outcome);
    }
}

/// Waits until the condition holds; asks again and again, for 20 seconds at most.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    while !condition().await {
        assert!(tokio::time::Instant::now() < patience, "waited in vain until {what}");
        tick().await;
    }
}

/// The one pause between two looks at a condition.
async fn tick() {
    let mut interval = tokio::time::interval(Duration::from_millis(20));
    interval.tick().await;
    interval.tick().await;
}
