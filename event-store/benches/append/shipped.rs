//! The `cqrs_es` store with `postgres_es`, as it ships, for comparison.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{Aggregate, CqrsFramework, DomainEvent};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::Executor;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::{METADATA, Measured, PAYLOAD};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Event {
    TicketOpened(Value),
}

impl DomainEvent for Event {
    fn event_type(&self) -> String {
        "TicketOpened".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Ticket {
    opened: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

impl Aggregate for Ticket {
    const TYPE: &'static str = "ticket";
    type Command = Value;
    type Event = Event;
    type Error = Never;
    type Services = ();

    async fn handle(&mut self, command: Value, (): &(), sink: &EventSink<Self>) -> Result<(), Never> {
        sink.write(Event::TicketOpened(command), self).await;
        Ok(())
    }

    fn apply(&mut self, _: Event) {
        self.opened = true;
    }
}

pub(crate) async fn opens(database: &PgConnectOptions, tasks: usize, length: Duration) -> Measured {
    // The table of its own init.sql, apart from ours.
    let options = database.clone().options([("search_path", "shipped")]);
    let pool =
        PgPoolOptions::new().max_connections(tasks as u32).connect_with(options).await.expect("a pool");
    pool.execute(
        "CREATE SCHEMA shipped;
         CREATE TABLE shipped.events (
             aggregate_type text NOT NULL, aggregate_id text NOT NULL,
             sequence bigint CHECK (sequence >= 0) NOT NULL, event_type text NOT NULL,
             event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
             PRIMARY KEY (aggregate_type, aggregate_id, sequence))",
    )
    .await
    .expect("a table");
    let store: PersistedEventStore<_, Ticket> =
        PersistedEventStore::new_event_store(PostgresEventRepository::new(pool.clone()));
    let framework = Arc::new(CqrsFramework::new(store, Vec::new(), ()));
    let payload: Value = serde_json::from_str(PAYLOAD).expect("JSON");
    let metadata = HashMap::from([("metadata".to_owned(), METADATA.to_owned())]);
    let stop = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            let (framework, stop, count) = (Arc::clone(&framework), Arc::clone(&stop), Arc::clone(&count));
            let (payload, metadata) = (payload.clone(), metadata.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let since = Instant::now();
                    let id = Uuid::now_v7().to_string();
                    framework
                        .execute_with_metadata(&id, payload.clone(), metadata.clone())
                        .await
                        .expect("executed");
                    times.push(since.elapsed());
                    count.fetch_add(1, Ordering::Relaxed);
                }
                times
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, since) = (count.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(length).await;
    let (done, took) = (count.load(Ordering::Relaxed) - before, since.elapsed());
    stop.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("a task"));
    }
    times.sort_unstable();
    let p99 = times.get((times.len() * 99).div_ceil(100).saturating_sub(1)).copied();
    pool.close().await;
    Measured { per_second: done as f64 / took.as_secs_f64(), p99 }
}
