//! `docket up`: all services in one process, with their own Postgres and nats-server.

use crate::print::say;
use std::io::IsTerminal;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use domain::ids::{TenantId, UserId};
use domain::tenant::CreateTenant;
use query_api::CursorKey;
use service_kit::auth::{Claims, DevIssuer, Issuer, JwksSource};
use service_kit::clock::SystemClock;
use service_kit::{lifecycle, metrics};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::compose::{Ground, Services};
use crate::consumers::durables;
use crate::data_dir::{DataDir, Lock};
use crate::engines::{EngineError, NatsEngine, PostgresEngine};
use crate::failure::{Failure, Outcome, While};
use crate::instance::Instance;
use crate::logins::Logins;
use crate::settings::{Oidc, Settings};
use crate::{database, nats, ready, tenants};

/// How long the token that is printed is good, as long as one of `docket token`.
const TOKEN_LIFE: Duration = Duration::from_secs(60 * 60);

pub(crate) async fn run(settings: &Settings) -> Outcome {
    let dir = DataDir::create(&settings.data_dir)?;
    let _lock = take(&dir).await?;
    metrics::install();
    let requests = stop_on_signal();
    // Before the engines: a port that is taken is told at once.
    let listener = TcpListener::bind((settings.listen, settings.port)).await.while_doing(&format!(
        "cannot listen on {}: take another port with --port",
        SocketAddr::new(settings.listen, settings.port)
    ))?;
    let engines = match Engines::start(&dir, settings, &requests).await {
        // Nothing was started yet, and the next start begins with this again.
        Err(Failure::Engine(EngineError::Interrupted { .. })) => return Ok(()),
        engines => engines?,
    };
    let outcome = serve(&dir, settings, &engines, listener, requests).await;
    Instance::withdraw(&dir);
    engines.stop().await;
    outcome
}

/// Takes the directory. Commands that look whether it is taken hold it for a moment.
async fn take(dir: &DataDir) -> Result<Lock, Failure> {
    let (limit, pause) = (Duration::from_millis(500), Duration::from_millis(20));
    match service_kit::wait::until(limit, pause, || async { dir.lock().ok() }).await {
        Ok(lock) => Ok(lock),
        Err(_) => Ok(dir.lock()?),
    }
}

/// Cancelled by the first signal; the second ends the process, and the engines end with it.
fn stop_on_signal() -> CancellationToken {
    let stop = lifecycle::shutdown_on_signal();
    let first = stop.clone();
    tokio::spawn(async move {
        first.cancelled().await;
        if lifecycle::signal().await.is_ok() {
            tracing::warn!("stopping at once, on a second signal");
            std::process::exit(1);
        }
    });
    stop
}

struct Engines {
    postgres: Option<PostgresEngine>,
    nats: Option<NatsEngine>,
    database_url: String,
    nats_url: String,
}

impl Engines {
    async fn start(dir: &DataDir, settings: &Settings, stop: &CancellationToken) -> Result<Self, Failure> {
        let postgres = match &settings.database_url {
            None => Some(PostgresEngine::start(dir, &settings.programs, stop).await?),
            Some(_) => None,
        };
        let nats = match &settings.nats_url {
            None => Some(NatsEngine::start(dir, &settings.programs).await),
            Some(_) => None,
        };
        let nats = match nats.transpose() {
            Ok(nats) => nats,
            Err(error) => {
                if let Some(postgres) = postgres {
                    postgres.stop().await;
                }
                return Err(error.into());
            }
        };
        let own_database = postgres.as_ref().map(|postgres| postgres.url().to_owned());
        let own_nats = nats.as_ref().map(|nats| nats.url().to_owned());
        Ok(Self {
            database_url: own_database.or_else(|| settings.database_url.clone()).unwrap_or_default(),
            nats_url: own_nats.or_else(|| settings.nats_url.clone()).unwrap_or_default(),
            postgres,
            nats,
        })
    }

    async fn stop(self) {
        if let Some(nats) = self.nats {
            nats.stop().await;
        }
        if let Some(postgres) = self.postgres {
            postgres.stop().await;
        }
    }
}

async fn serve(
    dir: &DataDir,
    settings: &Settings,
    engines: &Engines,
    listener: TcpListener,
    requests: CancellationToken,
) -> Outcome {
    let owner = database::connect_patiently(&engines.database_url).await?;
    super::migrate::migrate(&owner).await?;
    let logins = match &settings.logins {
        Some(logins) => logins.clone(),
        None => Logins::made_by(&owner, dir).await?,
    };
    // From here on the owner is for operators alone.
    owner.close().await;
    logins.check(&engines.database_url).await?;
    let issuer = settings.development_tokens.then(|| DevIssuer::open(&dir.issuer_dir())).transpose();
    let issuer = issuer.while_doing("the development issuer cannot be used")?;
    let address = listener.local_addr().while_doing("the address cannot be told")?;
    let ground = Ground {
        database_url: &engines.database_url,
        logins: &logins,
        nats_url: &engines.nats_url,
        cell: &settings.cell,
        issuers: issuers(issuer.as_ref(), settings.oidc.as_ref()),
        cursor_key: CursorKey::new(cursor_secret(dir, settings)?),
        behind_proxy: settings.behind_proxy,
        metrics_token: settings.metrics_token.clone(),
        address: local(address),
        relay: settings.relay,
        timers: settings.timers,
        projections: settings.projections,
        streams: settings.streams,
    };
    let (services, router) = Services::start(ground, requests.clone()).await?;
    let client = nats::connect_and_stay(&engines.nats_url, "docket consumers").await;
    let client = client.while_doing("cannot connect to nats-server")?;
    let consumers =
        tokio::spawn(durables::keep(dir.clone(), client, settings.cell.clone(), requests.clone()));
    let started =
        requests.run_until_cancelled(first_tenant(dir, settings, &services)).await.unwrap_or(Ok(()));
    let outcome = match started {
        Ok(()) => {
            let server = lifecycle::serve(listener, router, requests.clone(), lifecycle::DRAIN);
            let told = Told { logins: &logins, issuer: issuer.as_ref() };
            // The announcement is made once the server answers, so both run together.
            let told = requests.run_until_cancelled(announce(dir, settings, engines, told, address));
            let told = async { told.await.unwrap_or(Ok(())).inspect_err(|_| requests.cancel()) };
            let (served, told) = tokio::join!(server, told);
            told.and(served.while_doing("the server ended"))
        }
        Err(failure) => Err(failure),
    };
    services.stop().await;
    consumers.abort();
    outcome
}

/// The development issuer, where it is trusted, and the other.
fn issuers(own: Option<&DevIssuer>, oidc: Option<&Oidc>) -> Vec<Issuer> {
    let other = oidc.map(|oidc| Issuer {
        issuer: oidc.issuer.clone(),
        audience: oidc.audience.clone(),
        keys: if oidc.keys.starts_with("http://") || oidc.keys.starts_with("https://") {
            JwksSource::Url(oidc.keys.clone())
        } else {
            JwksSource::File(oidc.keys.clone().into())
        },
    });
    own.map(DevIssuer::issuer).into_iter().chain(other).collect()
}

/// Seals cursors: kept, so that a cursor is good after a restart.
fn cursor_secret(dir: &DataDir, settings: &Settings) -> Result<String, Failure> {
    if let Some(secret) = &settings.cursor_secret {
        return Ok(secret.clone());
    }
    const FILE: &str = "cursor.json";
    if let Some(secret) = dir.read_json(FILE)? {
        return Ok(secret);
    }
    let secret = crate::engines::password();
    dir.write_json(FILE, &secret)?;
    Ok(secret)
}

async fn first_tenant(dir: &DataDir, settings: &Settings, services: &Services) -> Outcome {
    let command = CreateTenant {
        key: tenants::FIRST.to_owned(),
        parent: None,
        profile: settings.profile.clone(),
        number_prefix: None,
    };
    let tenant = TenantId::of_key(tenants::FIRST);
    // Made on the first run; its profile is what it was made with.
    if !tenants::is_remembered(dir, tenant) {
        let there = tenants::create(services.executor(), &command).await?;
        if let Some(mut shown) = services.shown() {
            shown.wait_for(|position| *position >= there).await.while_doing("the read models ended")?;
        }
        tenants::remember(dir, tenants::FIRST)?;
    }
    Ok(())
}

/// What is told besides the settings.
struct Told<'a> {
    logins: &'a Logins,
    /// If it is trusted.
    issuer: Option<&'a DevIssuer>,
}

/// Waits until the server answers, then tells people and other commands where it is.
async fn announce(
    dir: &DataDir,
    settings: &Settings,
    engines: &Engines,
    told: Told<'_>,
    address: SocketAddr,
) -> Outcome {
    let url = format!("http://{}", local(address));
    ready::until_ready(local(address)).await.while_doing("docket does not become ready")?;
    let instance = Instance {
        url: url.clone(),
        pid: std::process::id(),
        cell: settings.cell.clone(),
        database_url: engines.database_url.clone(),
        own_postgres: engines.postgres.is_some(),
        nats_url: engines.nats_url.clone(),
        own_nats: engines.nats.is_some(),
        development_tokens: told.issuer.is_some(),
        logins: Some(told.logins.clone()),
    };
    instance.publish(dir)?;
    say!("docket is ready");
    say!("  address  {url}");
    match told.issuer.filter(|_| is_for_a_person(settings)) {
        Some(issuer) => {
            let token = admin_token(issuer)?;
            say!("  console  {url}/#token={token}");
            say!("  token    {token}");
        }
        None => say!("  console  {url}/"),
    }
    if let Some(oidc) = &settings.oidc {
        say!("  issuer   {}", oidc.issuer);
    }
    Ok(())
}

/// Whether a token may be printed. With an issuer of its own this is no machine for development, and what is printed
/// may be kept: then only where a person reads it.
fn is_for_a_person(settings: &Settings) -> bool {
    settings.oidc.is_none() || std::io::stdout().is_terminal()
}

fn admin_token(issuer: &DevIssuer) -> Result<String, Failure> {
    let user = UserId::new("admin").while_doing("no user id")?;
    let claims = Claims::new(user, TenantId::of_key(tenants::FIRST), vec!["platform_admin".to_owned()]);
    issuer.mint(&claims, TOKEN_LIFE, &SystemClock).while_doing("the token cannot be signed")
}

/// Where we reach ourselves: who listens on every address listens on loopback too.
fn local(address: SocketAddr) -> SocketAddr {
    let mut local = address;
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => local.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => local.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    local
}
