//! The projection service as a process of its own. On one machine `docket up` runs it instead.
//!
//! Settings come from the environment (`DOCKET_…`) and `docket.toml`; see [`settings`]. Any number of
//! processes may run on one database: for each projection one writes, and the others stand by.

mod settings;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use domain::ticket::upcast::Upcasters;
use domain::time::Ids;
use event_store::reader::LogReader;
use projection_service::{Runtime, RuntimeOptions};
use service_kit::clock::RandomIds;
use service_kit::health::Health;
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
            tracing::error!(error = &*error, "the projection service ended");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let settings = Settings::read()?;
    let metrics_token = MetricsToken::given(settings.metrics_token.as_deref())?;
    metrics::install();
    let shutdown = lifecycle::shutdown_on_signal();
    let pool =
        postgres::confined_pool(&settings.database_url, "docket_projection", settings.connections).await?;
    let client = match &settings.nats_url {
        Some(url) => Some(async_nats::ConnectOptions::new().retry_on_initial_connect().connect(url).await?),
        None => None,
    };
    let options = RuntimeOptions {
        reader: LogReader::new(pool.clone()),
        pool: pool.clone(),
        client,
        cell: settings.cell,
        wake: None,
        upcasters: Arc::new(Upcasters::default()),
        instance: RandomIds.next(),
    };
    let listener = TcpListener::bind(&settings.listen).await?;
    tracing::info!(address = %listener.local_addr()?, "following the log");
    let runtime = Runtime::start(options, &shutdown);
    let health = projection_service::parked_note(Health::default().database(pool.clone()), pool);
    let health = layers(health.router(), HttpSettings { metrics_token, ..HttpSettings::default() });
    lifecycle::serve(listener, health, shutdown, lifecycle::DRAIN).await?;
    runtime.stopped().await;
    Ok(())
}
