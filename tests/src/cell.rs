//! A cell within the test's own process: log, projections, commands and timers on a database of its own,
//! under a clock that the test sets. For what depends on the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use command_service::{Answer, CommandDeps, CommandRequest, CommandService, Target, TicketRef};
use domain::identity::Principal;
use domain::ids::{TenantId, TicketId, UserId};
use domain::tenant::CreateTenant;
use domain::ticket::TicketCommand;
use domain::ticket::commands::Open;
use domain::time::{Clock, Ids};
use event_store::LogOptions;
use event_store::reader::LogReader;
use projection_service::{Runtime, RuntimeOptions};
use service_kit::auth::{AuthConfig, Authenticator};
use service_kit::clock::RandomIds;
use service_kit::http::RequestInfo;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, PgPool};
use tokio_util::sync::CancellationToken;

/// Shows the time that it was set to.
#[derive(Debug)]
pub struct SetClock(AtomicI64);

impl SetClock {
    /// Shows this time.
    pub fn at(time: DateTime<Utc>) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(time.timestamp_micros())))
    }

    /// Sets it, forwards or back.
    pub fn set(&self, time: DateTime<Utc>) {
        self.0.store(time.timestamp_micros(), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).expect("a time")
    }
}

/// Where a cell's database is.
#[derive(Clone)]
pub struct Place {
    options: PgConnectOptions,
    /// Whether it is on the server that tests have their logins on.
    is_the_tests: bool,
    /// As the owner.
    pub pool: PgPool,
}

impl Place {
    /// A new database, migrated, with the tenant `default`.
    pub async fn new() -> Self {
        let url = std::env::var("DOCKET_TEST_DATABASE_URL")
            .expect("DOCKET_TEST_DATABASE_URL is not set: run the tests by `make test`");
        let server: PgConnectOptions = url.parse().expect("DOCKET_TEST_DATABASE_URL is a URL");
        let name = format!("cell_{}", RandomIds.next().simple());
        let mut admin = server.connect().await.expect("Postgres answers");
        admin.execute(format!("CREATE DATABASE {name}").as_str()).await.expect("a database");
        admin.close().await.expect("a goodbye");
        let place = Self { is_the_tests: true, ..Self::of(server.database(&name)) };
        event_store::migrate(&place.pool).await.expect("the log's tables");
        projection_service::migrate(&place.pool).await.expect("the read models' tables");
        place
    }

    /// A database that is there.
    pub fn of(options: PgConnectOptions) -> Self {
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy_with(options.clone());
        Self { options, is_the_tests: false, pool }
    }

    /// As a service has it: on the tests' server logged in as one who may become this role and nobody else
    /// (`deploy/test-servers.sh`).
    fn pool_as(&self, role: &str, connections: u32) -> PgPool {
        let login = self.options.clone();
        let login = if self.is_the_tests { login.username(&format!("{role}_test")) } else { login };
        PgPoolOptions::new().max_connections(connections).connect_lazy_with(login.options([("role", role)]))
    }

    /// One number.
    pub async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Keeps the read models up with the log.
    pub fn projections(&self, shutdown: &CancellationToken) -> Runtime {
        let pool = self.pool_as("docket_projection", 12);
        let options = RuntimeOptions {
            reader: LogReader::new(pool.clone()),
            pool,
            client: None,
            cell: "cell".to_owned(),
            wake: None,
            upcasters: Arc::default(),
            instance: RandomIds.next(),
        };
        Runtime::start(options, shutdown)
    }

    /// A command service, with timers if `instance` names one that may lead.
    pub async fn commands(
        &self,
        clock: Arc<dyn Clock>,
        instance: Option<&str>,
        shutdown: &CancellationToken,
    ) -> CommandService {
        let authenticator =
            Authenticator::start(AuthConfig::new(Vec::new()), clock.clone(), shutdown.clone()).await;
        CommandService::start(CommandDeps {
            pool: self.pool_as("docket_command", 8),
            log: LogOptions::default(),
            relay: None,
            timers: instance.map(str::to_owned),
            authenticator,
            clock,
            ids: Arc::new(RandomIds),
            shutdown: shutdown.clone(),
        })
    }
}

/// Commands on the tenant `default`, as Docket itself.
pub struct Desk {
    /// Takes them.
    pub service: CommandService,
    tenant: TenantId,
}

impl Desk {
    /// Creates the tenant, unless it is there.
    pub async fn new(service: CommandService) -> Self {
        let command = CreateTenant {
            key: "default".to_owned(),
            parent: None,
            profile: "platform".to_owned(),
            number_prefix: None,
        };
        let desk = Self { service, tenant: TenantId::of_key("default") };
        desk.service.executor().create_tenant(&desk.request("docket"), &command).await.expect("a tenant");
        desk
    }

    fn request(&self, user: &str) -> CommandRequest {
        let user = UserId::new(user).expect("an id");
        let principal = if user.as_str() == "docket" {
            Principal::system(user, self.tenant)
        } else {
            Principal::new(user, self.tenant, vec!["support_manager".to_owned()])
        };
        CommandRequest::new(Arc::new(principal), RequestInfo::internal())
    }

    /// Opens a ticket of a priority.
    pub async fn open(&self, subject: &str, priority: &str) -> TicketId {
        let open: Open = serde_json::from_value(serde_json::json!({
            "subject": subject, "description": "…", "priority": priority,
            "requester": {"id": "carla"},
        }))
        .expect("a command");
        let request = self.request("docket");
        let answer = self.service.executor().execute(&request, &Target::New, &open.into()).await;
        answer.expect("a ticket").id.parse().expect("an id")
    }

    /// Does something to a ticket, as the agent Amir.
    pub async fn does(&self, ticket: TicketId, command: impl Into<TicketCommand>) -> Answer {
        let target = Target::Ticket(TicketRef::Id(ticket));
        let request = self.request("amir");
        self.service.executor().execute(&request, &target, &command.into()).await.expect("an answer")
    }

    /// Changes policies and calendars.
    pub async fn configure(&self, events: impl IntoIterator<Item = domain::sla::event::SlaEvent>) {
        use event_store::store::{Circumstances, Store};
        let log = self.service.log();
        let id = self.tenant.to_string();
        let store = Store::<domain::sla::Sla>::new(log.clone(), self.tenant, Arc::new(RandomIds));
        log.forget(self.tenant, domain::event::SLA, &id);
        let loaded = log.load::<domain::sla::Sla>(self.tenant, &id).await.expect("the configuration");
        let metadata = serde_json::json!({
            "actor": {"id": "maria", "kind": "agent"}, "occurred_at": "2024-01-01T00:00:00Z",
        });
        let events: Vec<_> = events.into_iter().collect();
        let appended =
            store.append(&id, &loaded, &events, metadata.to_string().into(), Circumstances::default()).await;
        appended.expect("an answer");
    }
}
