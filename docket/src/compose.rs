//! All services in one process, on one port.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use command_service::{CommandDeps, CommandService, RelayDeps};
use domain::ids::Position;
use domain::ticket::upcast::Upcasters;
use domain::time::{Clock, Ids};
use event_store::LogOptions;
use event_store::reader::LogReader;
use projection_service::{Runtime, RuntimeOptions, parked_note};
use query_api::{CursorKey, QueryApi, StreamLimits, Wake};
use service_kit::auth::{AuthConfig, Authenticator, Issuer};
use service_kit::clock::{RandomIds, SystemClock};
use service_kit::health::Health;
use service_kit::http::{HttpSettings, MetricsToken, PeerKey, layers};
use service_kit::peer::Peer;
use service_kit::postgres;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engines::password;
use crate::failure::{Failure, While};
use crate::logins::Logins;
use crate::nats;
use crate::settings::Switch;

/// Connections of each service. On one machine few are faster than many.
const COMMAND_CONNECTIONS: u32 = 8;
const PROJECTION_CONNECTIONS: u32 = 16;
const QUERY_CONNECTIONS: u32 = 16;
/// Verified tokens that are remembered: enough for a desk, and a few megabytes.
const TOKENS: usize = 10_000;

/// What the services stand on.
pub(crate) struct Ground<'a> {
    /// The owner's address, and how services log in there.
    pub(crate) database_url: &'a str,
    pub(crate) logins: &'a Logins,
    pub(crate) nats_url: &'a str,
    pub(crate) cell: &'a str,
    pub(crate) issuers: Vec<Issuer>,
    pub(crate) cursor_key: CursorKey,
    pub(crate) behind_proxy: bool,
    pub(crate) metrics_token: Option<MetricsToken>,
    /// Where this process answers: queries have commands record what is exported.
    pub(crate) address: SocketAddr,
    pub(crate) relay: Switch,
    pub(crate) timers: Switch,
    pub(crate) projections: Switch,
    pub(crate) streams: StreamLimits,
}

/// The services of one process.
pub(crate) struct Services {
    command: CommandService,
    projections: Option<Runtime>,
    /// Ends the services, once no request is left.
    work: CancellationToken,
}

impl Services {
    /// Starts them. Event streams end with `requests`; everything else with [`Services::stop`].
    pub(crate) async fn start(
        ground: Ground<'_>,
        requests: CancellationToken,
    ) -> Result<(Self, Router), Failure> {
        let work = CancellationToken::new();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let auth = AuthConfig { cache: TOKENS, ..AuthConfig::new(ground.issuers.clone()) };
        let authenticator = Authenticator::start(auth, clock.clone(), work.clone()).await;
        let instance = RandomIds.next();
        let client = nats::connect_and_stay(ground.nats_url, &format!("docket {instance}"))
            .await
            .while_doing("cannot connect to nats-server")?;
        let command = CommandService::start(CommandDeps {
            pool: pool(&ground, "docket_command", COMMAND_CONNECTIONS)?,
            log: LogOptions::default(),
            relay: (ground.relay == Switch::On).then(|| RelayDeps {
                client: client.clone(),
                cell: ground.cell.to_owned(),
                instance: instance.to_string(),
            }),
            timers: (ground.timers == Switch::On).then(|| instance.to_string()),
            authenticator: authenticator.clone(),
            clock: clock.clone(),
            ids: Arc::new(RandomIds),
            shutdown: work.clone(),
        });
        let projections = match ground.projections {
            Switch::On => Some(projections(&ground, &client, command.log().head(), instance, &work)?),
            Switch::Off => None,
        };
        let peer_key = PeerKey::new(password());
        let commands = Peer::new(format!("http://{}", ground.address), Some(peer_key.clone()));
        let queries = QueryApi::new(query_api::Deps {
            pool: pool(&ground, "docket_query", QUERY_CONNECTIONS)?,
            authenticator,
            cursor_key: ground.cursor_key.clone(),
            cell: ground.cell.to_owned(),
            upcasters: Upcasters::default(),
            commands: Some(commands.while_doing("exports cannot be recorded")?),
            clock,
            wake: Wake::on(command.log().head()).or(Wake::nats(client, ground.cell, work.clone())),
            shutdown: requests,
            streams: ground.streams,
        });
        let http = HttpSettings {
            behind_proxy: ground.behind_proxy,
            peer_key: Some(peer_key),
            metrics_token: ground.metrics_token.clone(),
        };
        let health = parked_note(command.health(), pool(&ground, "docket_query", 1)?);
        let router = router(&command, &queries, health, http);
        Ok((Self { command, projections, work }, router))
    }

    /// Carries out commands in this process.
    pub(crate) fn executor(&self) -> &command_service::Executor {
        self.command.executor()
    }

    /// The last position that every read model of this process shows, if it keeps any.
    pub(crate) fn shown(&self) -> Option<watch::Receiver<Position>> {
        self.projections.as_ref().map(Runtime::position)
    }

    /// Stops them: what was accepted is finished.
    pub(crate) async fn stop(self) {
        self.work.cancel();
        self.command.stopped().await;
        if let Some(projections) = self.projections {
            projections.stopped().await;
        }
    }
}

fn projections(
    ground: &Ground<'_>,
    client: &async_nats::Client,
    wake: watch::Receiver<Position>,
    instance: uuid::Uuid,
    work: &CancellationToken,
) -> Result<Runtime, Failure> {
    let pool = pool(ground, "docket_projection", PROJECTION_CONNECTIONS)?;
    let options = RuntimeOptions {
        reader: LogReader::new(pool.clone()),
        pool,
        client: Some(client.clone()),
        cell: ground.cell.to_owned(),
        wake: Some(wake),
        upcasters: Arc::new(Upcasters::default()),
        instance,
    };
    Ok(Runtime::start(options, work))
}

fn pool(ground: &Ground<'_>, role: &'static str, most: u32) -> Result<sqlx::PgPool, Failure> {
    Ok(postgres::pool_of(ground.logins.options(ground.database_url, role)?, Some(role), most))
}

/// Commands and queries on one router, described by one document.
fn router(command: &CommandService, queries: &QueryApi, health: Health, http: HttpSettings) -> Router {
    let mut document = query_api::openapi();
    document.merge(command_service::openapi());
    let routes = command_service::router(command)
        .merge(queries.router())
        .merge(query_api::page_routes(&document))
        .merge(health.router());
    layers(routes, http)
}
