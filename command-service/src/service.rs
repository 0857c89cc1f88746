//! The command service as a process has it: log, executor, relay.

use std::sync::Arc;

use axum::extract::FromRef;
use domain::time::{Clock, Ids};
use event_store::relay::{Relay, RelayOptions};
use event_store::{EventLog, LogOptions};
use service_kit::auth::Authenticator;
use service_kit::health::Health;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::backpressure::Backpressure;
use crate::capacity::Capacity;
use crate::executor::Executor;
use crate::processes::timers::Timers;

/// What a command service works with.
pub struct CommandDeps {
    /// The log's database, as the role `docket_command`.
    pub pool: PgPool,
    /// How the log works.
    pub log: LogOptions,
    /// NATS, for the relay; without it this process relays nothing.
    pub relay: Option<RelayDeps>,
    /// Whether this process is among those that raise what is due; the name of this process then, unlike
    /// any other's.
    pub timers: Option<String>,
    /// Who callers are.
    pub authenticator: Authenticator,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
    /// Ends the service.
    pub shutdown: CancellationToken,
}

/// What a relay works with.
pub struct RelayDeps {
    /// NATS.
    pub client: async_nats::Client,
    /// The cell.
    pub cell: String,
    /// The name of this process, unlike any other's.
    pub instance: String,
}

/// The command service. Cheap to clone.
#[derive(Clone)]
pub struct CommandService(Arc<Inner>);

struct Inner {
    log: EventLog,
    executor: Executor,
    authenticator: Authenticator,
    capacity: Capacity,
    backpressure: Backpressure,
    pool: PgPool,
    /// The relay and the timers, as far as this process has them.
    tasks: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl CommandService {
    /// Starts it. Connects when there is something to do, so it starts with Postgres and NATS away.
    pub fn start(deps: CommandDeps) -> Self {
        let log = EventLog::start(deps.pool.clone(), deps.log, deps.shutdown.clone());
        let relay = deps.relay.map(|relay| {
            let options =
                RelayOptions::new(deps.pool.clone(), relay.client, relay.cell, relay.instance, log.head());
            tokio::spawn(Relay::run(options, deps.shutdown.clone()))
        });
        let executor = Executor::new(log.clone(), deps.clock.clone(), deps.ids);
        let timers = deps.timers.map(|instance| {
            let (executor, pool) = (executor.clone(), deps.pool.clone());
            let timers = Timers { executor, pool, clock: deps.clock, instance };
            tokio::spawn(timers.run(deps.shutdown))
        });
        Self(Arc::new(Inner {
            executor,
            log,
            authenticator: deps.authenticator,
            capacity: Capacity::new(),
            backpressure: Backpressure::new(deps.pool.clone()),
            pool: deps.pool,
            tasks: std::sync::Mutex::new(relay.into_iter().chain(timers).collect()),
        }))
    }

    /// Carries out commands, for those who are in the same process.
    pub fn executor(&self) -> &Executor {
        &self.0.executor
    }

    /// The event log.
    pub fn log(&self) -> &EventLog {
        &self.0.log
    }

    /// Who callers are.
    pub(crate) fn authenticator(&self) -> &Authenticator {
        &self.0.authenticator
    }

    /// What there is little of.
    pub(crate) fn capacity(&self) -> &Capacity {
        &self.0.capacity
    }

    /// What bulk work waits for.
    pub(crate) fn backpressure(&self) -> &Backpressure {
        &self.0.backpressure
    }

    /// What it needs to work. NATS isn't among it: without NATS commands go on.
    pub fn health(&self) -> Health {
        Health::default().database(self.0.pool.clone())
    }

    /// Returns when, after the shutdown, what was queued is answered and the relay has handed over.
    pub async fn stopped(&self) {
        self.0.log.stopped().await;
        let tasks = {
            let mut tasks = self.0.tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            std::mem::take(&mut *tasks)
        };
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the command service ended badly");
            }
        }
    }
}

impl FromRef<CommandService> for Authenticator {
    fn from_ref(service: &CommandService) -> Self {
        service.authenticator().clone()
    }
}
