//! The command service as a process of its own. On one machine `docket up` runs it instead.
//!
//! Settings come from the environment (`DOCKET_…`) and `docket.toml`; see [`settings`].

mod settings;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use command_service::{CommandDeps, CommandService, RelayDeps, openapi, router};
use domain::time::{Clock, Ids};
use service_kit::auth::{AuthConfig, Authenticator};
use service_kit::clock::{RandomIds, SystemClock};
use service_kit::http::{HttpSettings, MetricsToken, layers};
use service_kit::telemetry::{self, LogFormat};
use service_kit::{lifecycle, metrics, postgres};
use tokio::net::TcpListener;

use settings::Settings;

#[tokio::main]
async fn main() -> ExitCode {
    let _log = telemetry::init(LogFormat::Json);
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &*error, "the command service ended");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let settings = Settings::read()?;
    let peer_key = settings.peer_key()?;
    let metrics_token = MetricsToken::given(settings.metrics_token.as_deref())?;
    metrics::install();
    let shutdown = lifecycle::shutdown_on_signal();
    // The log outlives the requests: what they have appended must be answered.
    let work = tokio_util::sync::CancellationToken::new();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids: Arc<dyn Ids> = Arc::new(RandomIds);
    let auth = AuthConfig::new(vec![settings.issuer()]);
    let authenticator = Authenticator::start(auth, clock.clone(), work.clone()).await;
    let relay = match &settings.nats_url {
        Some(url) if settings.relay => Some(RelayDeps {
            client: async_nats::ConnectOptions::new().retry_on_initial_connect().connect(url).await?,
            cell: settings.cell.clone(),
            instance: ids.next().to_string(),
        }),
        _ => None,
    };
    let service = CommandService::start(CommandDeps {
        pool: postgres::confined_pool(&settings.database_url, "docket_command", settings.connections).await?,
        log: event_store::LogOptions::default(),
        relay,
        timers: settings.timers.then(|| ids.next().to_string()),
        authenticator,
        clock,
        ids,
        shutdown: work.clone(),
    });
    let document = serde_json::to_value(openapi())?;
    let describe = axum::routing::get(move || std::future::ready(axum::Json(document.clone())));
    let routes = router(&service).merge(service.health().router()).route("/openapi.json", describe);
    let listener = TcpListener::bind(&settings.listen).await?;
    tracing::info!(address = %listener.local_addr()?, "taking commands");
    let app = layers(routes, HttpSettings { behind_proxy: settings.behind_proxy, peer_key, metrics_token });
    lifecycle::serve(listener, app, shutdown, lifecycle::DRAIN).await?;
    work.cancel();
    service.stopped().await;
    Ok(())
}
