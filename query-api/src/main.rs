//! The query API as a process of its own.
//!
//! Settings are environment variables (`DOCKET_…`) and keys of `docket.toml` (or of the file that
//! `DOCKET_CONFIG` names).

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use domain::ticket::upcast::Upcasters;
use query_api::{CursorKey, Deps, QueryApi, StreamLimits, Wake};
use serde::Deserialize;
use service_kit::auth::{AuthConfig, Authenticator, Issuer, JwksSource};
use service_kit::clock::SystemClock;
use service_kit::config::Settings;
use service_kit::health::Health;
use service_kit::http::{HttpSettings, MetricsToken, PeerKey, layers};
use service_kit::peer::Peer;
use service_kit::telemetry::LogFormat;
use service_kit::{lifecycle, metrics, postgres, telemetry};
use tokio::net::TcpListener;

const NAMES: &[&str] = &[
    "database_url",
    "nats_url",
    "cell",
    "listen",
    "port",
    "pool_size",
    "oidc_issuer",
    "oidc_audience",
    "oidc_keys",
    "cursor_secret",
    "behind_proxy",
    "command_url",
    "peer_secret",
    "metrics_token",
    "streams_per_tenant",
    "streams_per_user",
];

#[derive(Deserialize)]
struct Given {
    database_url: String,
    /// Without it, event streams look for new events once a second.
    nats_url: Option<String>,
    cell: Option<String>,
    listen: Option<IpAddr>,
    port: Option<u16>,
    pool_size: Option<u32>,
    oidc_issuer: String,
    oidc_audience: Option<String>,
    /// A file, or an address.
    oidc_keys: String,
    /// Seals cursors: the same for all instances, 32 characters or more.
    cursor_secret: String,
    behind_proxy: Option<bool>,
    /// Where the command service is, such as `http://commands:8080`: it records exports, and without it
    /// there are none.
    command_url: Option<String>,
    /// The same for all services of a cell, 32 characters or more: with it the command service believes
    /// where callers are whose exports it records.
    peer_secret: Option<String>,
    /// Who presents it (Bearer) reads `/metrics` from another machine: 32 characters or more.
    metrics_token: Option<String>,
    /// Event streams that may be open at once in this process: of a tenant, and of a user.
    streams_per_tenant: Option<NonZeroUsize>,
    streams_per_user: Option<NonZeroUsize>,
}

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    let _logs = telemetry::init(LogFormat::Json);
    metrics::install();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("query-api: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    let file = std::env::var_os("DOCKET_CONFIG").map_or_else(|| PathBuf::from("docket.toml"), PathBuf::from);
    let given: Given = Settings::new(NAMES).file(file).read()?;
    if given.cursor_secret.chars().count() < 32 {
        return Err("cursor_secret: takes 32 characters or more".into());
    }
    if given.peer_secret.as_ref().is_some_and(|secret| secret.chars().count() < 32) {
        return Err("peer_secret: takes 32 characters or more".into());
    }
    let peer_key = given.peer_secret.map(PeerKey::new);
    let metrics_token = MetricsToken::given(given.metrics_token.as_deref())?;
    if given.command_url.is_some() && peer_key.is_none() {
        tracing::warn!("without peer_secret no export is recorded, so every file is refused");
    }
    let commands = given.command_url.map(|url| Peer::new(url, peer_key)).transpose();
    let commands = commands.map_err(|error| format!("command_url: {error}"))?;
    let shutdown = lifecycle::shutdown_on_signal();
    let clock = Arc::new(SystemClock);
    let keys = if given.oidc_keys.starts_with("http") {
        JwksSource::Url(given.oidc_keys)
    } else {
        JwksSource::File(given.oidc_keys.into())
    };
    let audience = given.oidc_audience.unwrap_or_else(|| "docket".to_owned());
    let issuer = Issuer { issuer: given.oidc_issuer, audience, keys };
    let auth = AuthConfig::new(vec![issuer]);
    let cell = given.cell.unwrap_or_else(|| "main".to_owned());
    let wake = match given.nats_url {
        Some(url) => {
            let client = async_nats::ConnectOptions::new().retry_on_initial_connect().connect(url).await?;
            Wake::nats(client, &cell, shutdown.clone())
        }
        None => Wake::polling(),
    };
    let pool =
        postgres::confined_pool(&given.database_url, "docket_query", given.pool_size.unwrap_or(8)).await?;
    let api = QueryApi::new(Deps {
        pool: pool.clone(),
        authenticator: Authenticator::start(auth, clock.clone(), shutdown.clone()).await,
        cursor_key: CursorKey::new(given.cursor_secret),
        cell,
        upcasters: Upcasters::default(),
        commands,
        clock,
        wake,
        shutdown: shutdown.clone(),
        streams: StreamLimits::default().with(given.streams_per_tenant, given.streams_per_user),
    });
    let router = api
        .router()
        .merge(query_api::page_routes(&query_api::openapi()))
        .merge(Health::default().database(pool).router());
    let behind_proxy = given.behind_proxy.unwrap_or(false);
    let router = layers(router, HttpSettings { behind_proxy, peer_key: None, metrics_token });
    let address = (given.listen.unwrap_or(Ipv4Addr::LOCALHOST.into()), given.port.unwrap_or(8081));
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "ready");
    lifecycle::serve(listener, router, shutdown, lifecycle::DRAIN).await?;
    Ok(())
}
