//! A database of its own for each test, with log and read models.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::{Position, TenantId};
use domain::ticket::upcast::Upcasters;
use domain::time::Ids;
use event_store::reader::LogReader;
use projection_service::{Runtime, RuntimeOptions};
use service_kit::clock::RandomIds;
use service_kit::wait::until;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use super::story::Written;

pub(crate) struct Database {
    pub(crate) name: String,
    /// As the owner.
    pub(crate) pool: PgPool,
    options: PgConnectOptions,
    maintenance: PgConnectOptions,
}

impl Database {
    pub(crate) async fn new() -> Self {
        let url = std::env::var("DOCKET_TEST_DATABASE_URL")
            .expect("DOCKET_TEST_DATABASE_URL is not set: run the tests by `make test`");
        let maintenance: PgConnectOptions = url.parse().expect("DOCKET_TEST_DATABASE_URL is a URL");
        let name = format!("projections_{}", RandomIds.next().simple());
        let mut admin = maintenance.connect().await.expect("Postgres answers");
        admin.execute(format!("CREATE DATABASE {name}").as_str()).await.expect("a database");
        admin.close().await.unwrap();
        let options = maintenance.clone().database(&name);
        let pool = PgPoolOptions::new().max_connections(8).connect_lazy_with(options.clone());
        event_store::migrate(&pool).await.expect("the log's tables");
        projection_service::migrate(&pool).await.expect("the read models' tables");
        Self { name, pool, options, maintenance }
    }

    /// A pool as a service has it, without a tenant.
    pub(crate) fn pool_as(&self, role: &str) -> PgPool {
        PgPoolOptions::new().max_connections(4).connect_lazy_with(self.login(role))
    }

    /// Logged in as one who may become this role and nobody else (`deploy/test-servers.sh`).
    fn login(&self, role: &str) -> PgConnectOptions {
        self.options.clone().username(&format!("{role}_test")).options([("role", role)])
    }

    /// A connection as docket_query under a tenant.
    pub(crate) async fn reader_of(&self, tenant: &str) -> PgConnection {
        let tenant = TenantId::of_key(tenant).to_string();
        self.login("docket_query").options([("docket.tenant", tenant.as_str())]).connect().await.unwrap()
    }

    /// Appends to the log, as an import of bytes would: nothing is checked.
    pub(crate) async fn append(&self, events: &[Written]) -> Position {
        append(&self.pool, events).await
    }

    pub(crate) fn options(&self) -> RuntimeOptions {
        self.options_with(Upcasters::default())
    }

    pub(crate) fn options_with(&self, upcasters: Upcasters) -> RuntimeOptions {
        let pool = self.pool_as("docket_projection");
        RuntimeOptions {
            reader: LogReader::new(pool.clone()),
            pool,
            client: None,
            cell: "test".into(),
            wake: None,
            upcasters: Arc::new(upcasters),
            instance: RandomIds.next(),
        }
    }

    /// Runs projections until they show everything that is in the log, then stops them.
    pub(crate) async fn settle(&self) {
        let running = Running::start(self.options());
        self.settled().await;
        running.stop().await;
    }

    /// Waits until every checkpoint is at the log's head.
    pub(crate) async fn settled(&self) {
        eventually("every checkpoint at the head", async || {
            let behind: i64 = self
                .number("SELECT count(*) FROM read.checkpoints WHERE position < (SELECT coalesce(max(position), 0) FROM events)")
                .await;
            (behind == 0).then_some(())
        })
        .await;
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub(crate) async fn text(&self, sql: &str) -> Option<String> {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Read models that aren't what the log makes of them: there must be none.
    pub(crate) async fn assert_equal_to_the_log(&self) {
        let differences = projection_service::verify(&self.pool).await.expect("a comparison");
        assert!(differences.is_empty(), "{differences:#?}");
    }

    pub(crate) async fn drop(self) {
        self.pool.close().await;
        let mut admin = self.maintenance.connect().await.unwrap();
        admin.execute(format!("DROP DATABASE {} WITH (FORCE)", self.name).as_str()).await.unwrap();
    }
}

pub(crate) async fn append(pool: &PgPool, events: &[Written]) -> Position {
    let mut last: i64 =
        sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM events").fetch_one(pool).await.unwrap();
    for events in events.chunks(2_000) {
        let column = |of: &dyn Fn(&Written) -> String| -> Vec<String> { events.iter().map(of).collect() };
        sqlx::query(
            "INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
                                 payload, metadata, event_id, tenant_id, command_id, recorded_at) \
             SELECT v.position, v.kind, v.id, v.sequence, v.type, v.version, v.payload::json, v.metadata::json, \
                    v.event_id, v.tenant, v.event_id, now() \
             FROM unnest($1::int8[], $2::text[], $3::text[], $4::int8[], $5::text[], $6::text[], $7::text[], \
                         $8::text[], $9::uuid[], $10::uuid[]) \
                  AS v (position, kind, id, sequence, type, version, payload, metadata, event_id, tenant)",
        )
        .bind((1..=events.len() as i64).map(|each| last + each).collect::<Vec<_>>())
        .bind(column(&|event| event.aggregate_type.to_owned()))
        .bind(column(&|event| event.aggregate_id.clone()))
        .bind(events.iter().map(|event| event.sequence).collect::<Vec<_>>())
        .bind(column(&|event| event.event_type.clone()))
        .bind(column(&|event| event.event_version.clone()))
        .bind(column(&|event| event.payload.clone()))
        .bind(column(&|event| event.metadata.clone()))
        .bind(events.iter().map(|event| event.event_id).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.tenant.0).collect::<Vec<_>>())
        .execute(pool)
        .await
        .expect("an append");
        last += events.len() as i64;
    }
    Position(last)
}

/// A runtime that is stopped in order.
pub(crate) struct Running {
    pub(crate) runtime: Runtime,
    shutdown: CancellationToken,
}

impl Running {
    pub(crate) fn start(options: RuntimeOptions) -> Self {
        let shutdown = CancellationToken::new();
        Self { runtime: Runtime::start(options, &shutdown), shutdown }
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.runtime.stopped().await;
    }
}

/// Waits for a state.
pub(crate) async fn eventually<T>(what: &str, ready: impl AsyncFn() -> Option<T>) -> T {
    until(Duration::from_secs(60), Duration::from_millis(20), || ready())
        .await
        .unwrap_or_else(|late| panic!("{what}: {late}"))
}
