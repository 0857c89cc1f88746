//! A query API with a database of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use domain::ids::{CommandId, OrganizationId, Position, TenantId, UserId, Version};
use domain::ticket::upcast::Upcasters;
use domain::time::Ids as _;
use event_store::{Append, Claim, EventLog, LogOptions, NewEvent, Outcome};
use futures::TryStreamExt as _;
use projection_service::{Runtime, RuntimeOptions};
use query_api::{CursorKey, Deps, QueryApi, StreamLimits, Wake};
use serde_json::{Value, json};
use service_kit::auth::{AuthConfig, Authenticator, Claims, DevIssuer};
use service_kit::clock::{RandomIds, SystemClock};
use service_kit::health::Health;
use service_kit::http::{HttpSettings, PeerKey, layers};
use service_kit::peer::Peer;
use service_kit::{lifecycle, postgres};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::documented::{Answered, Documented};

use crate::recorder::Recorder;
use crate::ticket::{circumstances, new_event};

/// What every answer is held to.
static DOCUMENT: LazyLock<Documented> =
    LazyLock::new(|| Documented::new(serde_json::to_value(query_api::openapi()).unwrap()));

/// Stands around the router, so that no test's answer goes past it: holds each to the document. Files and
/// streams are taken as they come, and held to it line by line where lines are JSON.
async fn documented(request: Request<Body>, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let (parts, body) = next.run(request).await.into_parts();
    let kept = parts.clone();
    let check = move |body: Option<&[u8]>| {
        let headers = kept.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        DOCUMENT.check(&Answered {
            method: method.as_str(),
            path: &path,
            status: kept.status.as_u16(),
            headers: headers.collect(),
            body,
        });
    };
    let media_type = parts.headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap());
    let body = if media_type.starts_with("application/x-ndjson") {
        check(None);
        let mut rest = Vec::new();
        let lines = body.into_data_stream().inspect_ok(move |bytes| {
            rest.extend_from_slice(bytes);
            let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let next = rest.split_off(whole);
            check(Some(&std::mem::replace(&mut rest, next)));
        });
        Body::from_stream(lines)
    } else if media_type.contains("json") {
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        check(Some(&bytes));
        Body::from(bytes)
    } else {
        check(None);
        body
    };
    Response::from_parts(parts, body)
}

/// A query API over one database.
pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) log: EventLog,
    pub(crate) owner: PgPool,
    pub(crate) url: String,
    /// What was exported.
    pub(crate) recorder: Recorder,
    maintenance: String,
    database: String,
    issuer: DevIssuer,
    directory: PathBuf,
    shutdown: CancellationToken,
    runtime: Option<Runtime>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{:#}", self.body);
        self.body
    }

    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status.as_u16(), &self.body["code"]), (status, &json!(code)), "{:#}", self.body);
        self.body
    }

    #[track_caller]
    pub(crate) fn position(&self) -> i64 {
        self.headers["docket-position"].to_str().unwrap().parse().unwrap()
    }

    /// One field of each item.
    #[track_caller]
    pub(crate) fn each(self, field: &str) -> Vec<Value> {
        let body = self.ok();
        body["items"].as_array().unwrap().iter().map(|item| item[field].clone()).collect()
    }
}

pub(crate) fn maintenance_url() -> String {
    std::env::var("DOCKET_TEST_DATABASE_URL")
        .expect("DOCKET_TEST_DATABASE_URL is not set: run the tests by `make test`")
}

pub(crate) fn tenant() -> TenantId {
    TenantId::of_key("default")
}

impl App {
    /// With projections running.
    pub(crate) async fn start() -> Self {
        let mut app = Self::without_projections().await;
        app.project();
        app
    }

    /// Only the log moves.
    pub(crate) async fn without_projections() -> Self {
        Self::with_limits(StreamLimits::default()).await
    }

    /// Only the log moves, and streams have these limits.
    pub(crate) async fn with_limits(streams: StreamLimits) -> Self {
        if std::env::var_os("RUST_LOG").is_some() {
            Box::leak(Box::new(service_kit::telemetry::init(service_kit::telemetry::LogFormat::Text)));
        }
        let maintenance = maintenance_url();
        let database = format!("query_{}", RandomIds.next().simple());
        let options: PgConnectOptions = maintenance.parse().unwrap();
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        sqlx::query(&format!("CREATE DATABASE {database}")).execute(&mut connection).await.unwrap();
        let (before, _) = maintenance.rsplit_once('/').unwrap();
        let url = format!("{before}/{database}");
        let owner = postgres::pool(&url, None, 4).unwrap();
        event_store::migrate(&owner).await.unwrap();
        projection_service::migrate(&owner).await.unwrap();

        let shutdown = CancellationToken::new();
        let log_pool = pool_as(&url, "docket_command", 2);
        let log = EventLog::start(log_pool, LogOptions::default(), shutdown.clone());
        let directory = std::env::temp_dir().join(&database);
        let issuer = DevIssuer::open(&directory).unwrap();
        let clock = Arc::new(SystemClock);
        let auth = AuthConfig::new(vec![issuer.issuer()]);
        let pool = pool_as(&url, "docket_query", 4);
        let (recorder, address) = Recorder::start(shutdown.clone()).await;
        let commands = Peer::new(address, Some(PeerKey::new("a secret of the cell"))).unwrap();
        let api = QueryApi::new(Deps {
            pool: pool.clone(),
            authenticator: Authenticator::start(auth, clock.clone(), shutdown.clone()).await,
            cursor_key: CursorKey::new(*b"a secret for tests, and only them"),
            cell: "test".into(),
            upcasters: upcasters(),
            commands: Some(commands),
            clock,
            wake: Wake::on(log.head()),
            shutdown: shutdown.clone(),
            streams,
        });
        let router = api
            .router()
            .merge(query_api::page_routes(&query_api::openapi()))
            .merge(Health::default().database(pool).router());
        let app = Self {
            router: layers(router, HttpSettings::default()).layer(from_fn(documented)),
            log,
            owner,
            url,
            recorder,
            maintenance,
            database,
            issuer,
            directory,
            shutdown,
            runtime: None,
        };
        app.create_tenant("default").await;
        app
    }

    /// Takes connections, and gives the address.
    pub(crate) async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (router, shutdown) = (self.router.clone(), self.shutdown.clone());
        tokio::spawn(lifecycle::serve(listener, router, shutdown, Duration::from_secs(1)));
        address
    }

    /// Starts the projections.
    pub(crate) fn project(&mut self) {
        let options = RuntimeOptions {
            pool: pool_as(&self.url, "docket_projection", 8),
            reader: self.log.reader(),
            client: None,
            cell: "test".into(),
            wake: Some(self.log.head()),
            upcasters: Arc::new(upcasters()),
            instance: RandomIds.next(),
        };
        self.runtime = Some(Runtime::start(options, &self.shutdown));
    }

    pub(crate) async fn create_tenant(&self, key: &str) {
        self.create_tenant_below(None, key).await;
    }

    pub(crate) async fn create_tenant_below(&self, parent: Option<&str>, key: &str) {
        let settings = domain::tenant::profile(domain::tenant::DEFAULT_PROFILE).unwrap();
        let mut payload =
            json!({"key": key, "profile": domain::tenant::DEFAULT_PROFILE, "settings": settings});
        if let Some(parent) = parent {
            payload["parent"] = TenantId::of_key(parent).to_string().into();
        }
        self.tenant_event(key, 0, "TenantCreated", &payload).await;
    }

    /// Adds the next event of the tenant `default`, or of another.
    pub(crate) async fn tenant_event(
        &self,
        key: &str,
        version: i64,
        event_type: &'static str,
        payload: &Value,
    ) -> i64 {
        let tenant = TenantId::of_key(key);
        let event = new_event(event_type, payload, &circumstances("root", "system"));
        self.append(tenant, "tenant", tenant.to_string(), version, vec![event]).await
    }

    pub(crate) async fn append(
        &self,
        tenant: TenantId,
        aggregate_type: &'static str,
        aggregate_id: String,
        expected: i64,
        events: Vec<NewEvent>,
    ) -> i64 {
        let numbers = events.iter().filter(|event| event.event_type == "TicketOpened").map(|event| {
            let opened: Value = serde_json::from_str(&event.payload).unwrap();
            Claim { kind: "ticket_number", value: opened["number"].as_str().unwrap().to_owned() }
        });
        let claims = numbers.collect();
        let append = Append {
            tenant,
            aggregate_type,
            aggregate_id,
            expected: Version(expected),
            events,
            command_id: CommandId(RandomIds.next()),
            idempotency: None,
            claims,
        };
        match self.log.append(append).await.unwrap() {
            Outcome::Appended { position: Position(position), .. } => position,
            other => panic!("{other:?}"),
        }
    }

    /// How many events the stream of the tenant `default` has.
    pub(crate) async fn tenant_version(&self) -> i64 {
        let sql = "SELECT count(*) FROM events WHERE aggregate_type = 'tenant' AND aggregate_id = $1";
        sqlx::query_scalar(sql).bind(tenant().to_string()).fetch_one(&self.owner).await.unwrap()
    }

    /// A token.
    pub(crate) fn token(&self, user: &str, role: &str, key: &str, ttl: Duration) -> String {
        let user = UserId::new(user).unwrap();
        let claims = Claims::new(user, TenantId::of_key(key), vec![role.to_owned()]);
        self.issuer.mint(&claims, ttl, &SystemClock).unwrap()
    }

    /// Somebody of the tenant `default`.
    pub(crate) fn as_user(&self, user: &str, role: &str) -> Caller<'_> {
        Caller { app: self, token: Some(self.token(user, role, "default", Duration::from_secs(600))) }
    }

    /// Somebody of the tenant `default` who belongs to an organisation.
    pub(crate) fn of_organization(&self, user: &str, role: &str, org: &OrganizationId) -> Caller<'_> {
        let user = UserId::new(user).unwrap();
        let claims = Claims { org: Some(org.clone()), ..Claims::new(user, tenant(), vec![role.to_owned()]) };
        let token = self.issuer.mint(&claims, Duration::from_secs(600), &SystemClock).unwrap();
        Caller { app: self, token: Some(token) }
    }

    pub(crate) fn agent(&self) -> Caller<'_> {
        self.as_user("amir", "support_agent")
    }

    pub(crate) fn customer(&self, user: &str) -> Caller<'_> {
        self.as_user(user, "customer")
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Stops everything in order; the database goes with the app.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.stopped().await;
        }
        self.owner.close().await;
    }
}

/// Also after a test that failed.
impl Drop for App {
    fn drop(&mut self) {
        self.shutdown.cancel();
        let _ = std::fs::remove_dir_all(&self.directory);
        let options: PgConnectOptions = self.maintenance.parse().unwrap();
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.database);
        // The test's runtime can't be waited for from within itself.
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let mut connection = PgConnection::connect_with(&options).await.unwrap();
                sqlx::query(&sql).execute(&mut connection).await.unwrap();
            });
        });
        let _ = removal.join();
    }
}

/// As a service has it: logged in as one who may become this role and nobody else (`deploy/test-servers.sh`).
pub(crate) fn pool_as(url: &str, role: &'static str, connections: u32) -> PgPool {
    let owner: PgConnectOptions = url.parse().unwrap();
    postgres::pool_of(owner.username(&format!("{role}_test")), Some(role), connections)
}

/// As if `TagAdded` had once been `{"name": …}` in version 0.
fn upcasters() -> Upcasters {
    Upcasters::default().with("TagAdded", "0", "1", |value| json!({"tag": value["name"]}))
}

/// Somebody who asks.
pub(crate) struct Caller<'a> {
    pub(crate) app: &'a App,
    pub(crate) token: Option<String>,
}

impl Caller<'_> {
    pub(crate) fn request(&self, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
        let mut request = Request::get(path);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let response = self.app.send(self.request(path, headers)).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    /// Once the read models show this position.
    pub(crate) async fn get_at(&self, path: &str, position: i64) -> Answer {
        let headers = [("docket-min-position", &*position.to_string()), ("prefer", "wait=10")];
        self.get_with(path, &headers).await
    }
}
