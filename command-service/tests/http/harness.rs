//! A command service of its own per test, on a database of its own.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use command_service::{CommandDeps, CommandRequest, CommandService, openapi, router};
use domain::identity::Principal;
use domain::ids::{TenantId, UserId};
use domain::tenant::CreateTenant;
use domain::time::Ids;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use service_kit::auth::{AuthConfig, Authenticator, Claims, DevIssuer};
use service_kit::clock::{RandomIds, SystemClock};
use service_kit::http::{HttpSettings, PeerKey, RequestInfo, layers};
use service_kit::{lifecycle, postgres};
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use crate::documented::{Answered, Documented};

/// What every answer is held to.
static DOCUMENT: LazyLock<Documented> =
    LazyLock::new(|| Documented::new(serde_json::to_value(openapi()).unwrap()));

/// A running command service with the tenant `desk`.
pub(crate) struct App {
    pub(crate) service: CommandService,
    /// As the owner, to look into the log.
    pub(crate) owner: PgPool,
    pub(crate) issuer: DevIssuer,
    url: String,
    http: reqwest::Client,
    database: String,
    directory: PathBuf,
    shutdown: CancellationToken,
}

/// Somebody who talks to it.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

/// What they are answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

pub(crate) fn server_url() -> String {
    std::env::var("DOCKET_TEST_DATABASE_URL")
        .expect("DOCKET_TEST_DATABASE_URL is not set: run the tests by `make test`")
}

/// What the services of the cell share.
pub(crate) fn peer_key() -> PeerKey {
    PeerKey::new("a secret of the cell")
}

fn http_settings() -> HttpSettings {
    HttpSettings { peer_key: Some(peer_key()), ..HttpSettings::default() }
}

fn url_of(database: &str) -> String {
    let server = server_url();
    let (start, _) = server.rsplit_once('/').expect("a URL with a database");
    format!("{start}/{database}")
}

async fn serve(database: &str, issuer: &DevIssuer, shutdown: &CancellationToken) -> (CommandService, String) {
    let clock = Arc::new(SystemClock);
    let auth = AuthConfig::new(vec![issuer.issuer()]);
    // As the service has it: one who may become this role and nobody else (`deploy/test-servers.sh`).
    let owner: PgConnectOptions = url_of(database).parse().unwrap();
    let login = owner.username("docket_command_test");
    let service = CommandService::start(CommandDeps {
        pool: postgres::pool_of(login, Some("docket_command"), 8),
        log: event_store::LogOptions::default(),
        relay: None,
        timers: None,
        authenticator: Authenticator::start(auth, clock.clone(), shutdown.clone()).await,
        clock,
        ids: Arc::new(RandomIds),
        shutdown: shutdown.clone(),
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = layers(router(&service).merge(service.health().router()), http_settings());
    tokio::spawn(lifecycle::serve(listener, app, shutdown.clone(), Duration::from_secs(1)));
    (service, url)
}

impl App {
    pub(crate) async fn start() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let database = format!("docket_command_{}", RandomIds.next().simple());
        let mut server = PgConnection::connect(&server_url()).await.expect("the test server");
        sqlx::query(&format!("CREATE DATABASE {database}")).execute(&mut server).await.unwrap();
        let owner = PgPool::connect(&url_of(&database)).await.unwrap();
        event_store::migrate(&owner).await.unwrap();
        let directory = std::env::temp_dir().join(&database);
        let issuer = DevIssuer::open(&directory).unwrap();
        let shutdown = CancellationToken::new();
        let (service, url) = serve(&database, &issuer, &shutdown).await;
        let http = reqwest::Client::new();
        let this = Self { service, owner, issuer, url, http, database, directory, shutdown };
        this.tenant("desk", "platform").await;
        this
    }

    /// Another process on the same log, as far as the service can tell: nothing is shared.
    pub(crate) async fn beside(&self, token: String) -> Client {
        let (_, url) = serve(&self.database, &self.issuer, &self.shutdown).await;
        self.elsewhere(url, token)
    }

    /// Somebody who talks to a service at another address.
    pub(crate) fn elsewhere(&self, url: String, token: String) -> Client {
        Client { http: self.http.clone(), url, token: Some(token) }
    }

    /// As the service logs in.
    pub(crate) fn database_url(&self) -> String {
        let owner: PgConnectOptions = url_of(&self.database).parse().unwrap();
        owner.username("docket_command_test").to_url_lossy().to_string()
    }

    pub(crate) fn jwks_path(&self) -> PathBuf {
        self.directory.join("jwks.json")
    }

    /// Cuts every connection to the database and lets none be made, or lets them be made again.
    pub(crate) async fn cut_off(&self, away: bool) {
        let mut server = PgConnection::connect(&server_url()).await.unwrap();
        let database = &self.database;
        for statement in [
            format!("ALTER DATABASE {database} WITH ALLOW_CONNECTIONS {}", !away),
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"),
        ] {
            sqlx::query(&statement).execute(&mut server).await.unwrap();
        }
    }

    /// Makes a tenant, as an operator would.
    pub(crate) async fn tenant(&self, key: &str, profile: &str) {
        let root = Principal::system(UserId::new("operator").unwrap(), TenantId::of_key(key));
        let request = CommandRequest::new(Arc::new(root), RequestInfo::internal());
        let create =
            CreateTenant { key: key.into(), parent: None, profile: profile.into(), number_prefix: None };
        self.service.executor().create_tenant(&request, &create).await.unwrap();
    }

    pub(crate) fn token(&self, tenant: &str, role: &str, user: &str) -> String {
        let claims = Claims::new(UserId::new(user).unwrap(), TenantId::of_key(tenant), vec![role.into()]);
        self.issuer.mint(&claims, Duration::from_secs(600), &SystemClock).unwrap()
    }

    pub(crate) fn anybody(&self, token: Option<String>) -> Client {
        Client { http: self.http.clone(), url: self.url.clone(), token }
    }

    /// A client in the tenant `desk`.
    pub(crate) fn client(&self, role: &str, user: &str) -> Client {
        self.anybody(Some(self.token("desk", role, user)))
    }

    pub(crate) fn agent(&self) -> Client {
        self.client("support_agent", "amir")
    }

    /// Who may change service levels.
    pub(crate) fn manager(&self) -> Client {
        self.client("support_manager", "mona")
    }

    pub(crate) fn customer(&self) -> Client {
        self.client("customer", "carla")
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.owner).await.unwrap()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.shutdown.cancel();
        let _ = std::fs::remove_dir_all(&self.directory);
        let database = self.database.clone();
        // A thread of its own: this one may be inside a runtime.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut server = PgConnection::connect(&server_url()).await.unwrap();
                let drop = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
                sqlx::query(&drop).execute(&mut server).await.unwrap();
            });
        });
        let _ = dropped.join();
    }
}

impl Client {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().expect("a request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = self.http.execute(request).await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a body");
        DOCUMENT.check(&Answered {
            method: method.as_str(),
            path: &path,
            status,
            headers: headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect(),
            body: Some(text.as_bytes()),
        });
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn post_with(&self, path: &str, body: Value, header: (&str, &str)) -> Answer {
        self.send(self.request(Method::POST, path).json(&body).header(header.0, header.1)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// The same from a service of the cell, on their behalf.
    pub(crate) async fn post_as_service(&self, path: &str, body: Value, key: &str) -> Answer {
        let id = RandomIds.next().to_string();
        let (name, code) = peer_key().sign(path, &id).unwrap();
        let request = self.request(Method::POST, path).json(&body).header("idempotency-key", key);
        self.send(request.header("x-request-id", id).header(name, code)).await
    }

    /// Opens a ticket; gives its path.
    pub(crate) async fn open(&self, subject: &str) -> String {
        let opened = self.post("/v1/tickets", json!({"subject": subject, "description": "As said."})).await;
        opened.expect(201).headers["location"].to_str().unwrap().to_owned()
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }

    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{:#}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["request_id"].as_str(), Some(self.header("x-request-id")));
        self
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn version(&self) -> i64 {
        self.body["version"].as_i64().expect("a version")
    }

    pub(crate) fn errors(&self) -> Vec<(&str, &str)> {
        let errors = self.body["errors"].as_array().map_or(&[][..], Vec::as_slice);
        errors
            .iter()
            .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect()
    }
}
