//! Docket's append.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::ids::{CommandId, EventId, TenantId, UserId, Version};
use event_store::{Append, Claim, EventLog, Idempotency, LogOptions, NewEvent, Outcome};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{METADATA, Measured, PAYLOAD};

/// Opens tickets: a new stream each, with an idempotency key and a claim on the number.
pub(crate) async fn opens(pool: &PgPool, callers: usize, length: Duration) -> Measured {
    let numbers = Arc::new(AtomicU64::new(u64::from(Uuid::now_v7().as_fields().1) << 32));
    run(pool, callers, length, move |log| {
        let numbers = Arc::clone(&numbers);
        async move {
            let number = numbers.fetch_add(1, Ordering::Relaxed);
            let mut open = append(Uuid::now_v7().to_string(), 0, "TicketOpened");
            open.claims.push(Claim { kind: "ticket_number", value: format!("TKT-{number:08}") });
            log.append(open).await.expect("appended")
        }
    })
    .await
}

/// Goes on with streams, each caller with its own.
pub(crate) async fn replies(pool: &PgPool, callers: usize, length: Duration) -> Measured {
    run_each(pool, callers, length, |log, _, stop, count| async move {
        let id = Uuid::now_v7().to_string();
        let mut times = Vec::new();
        let mut version = 0;
        while !stop.load(Ordering::Relaxed) {
            let since = Instant::now();
            let outcome = log.append(append(id.clone(), version, "ReplyAdded")).await.expect("appended");
            assert!(matches!(outcome, Outcome::Appended { .. }), "{outcome:?}");
            version += 1;
            times.push(since.elapsed());
            count.fetch_add(1, Ordering::Relaxed);
        }
        times
    })
    .await
}

/// Two callers share each stream, so that about every other append is a conflict. What is counted
/// is what was appended.
pub(crate) async fn contended(pool: &PgPool, callers: usize, length: Duration) -> Measured {
    let ids: Arc<Vec<String>> = Arc::new((0..callers / 2).map(|_| Uuid::now_v7().to_string()).collect());
    run_each(pool, callers, length, move |log, caller, stop, count| {
        let ids = Arc::clone(&ids);
        async move {
            let mut times = Vec::new();
            let mut version = 0;
            while !stop.load(Ordering::Relaxed) {
                let since = Instant::now();
                let id = ids[caller / 2].clone();
                match log.append(append(id, version, "ReplyAdded")).await.expect("appended") {
                    Outcome::Appended { version: now, .. } => {
                        version = now.0;
                        times.push(since.elapsed());
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    Outcome::Conflict { actual } => version = actual.0,
                    other => panic!("{other:?}"),
                }
            }
            times
        }
    })
    .await
}

pub(crate) fn append(id: String, expected: i64, event_type: &'static str) -> Append {
    Append {
        tenant: TenantId::of_key("bench"),
        aggregate_type: "ticket",
        aggregate_id: id,
        expected: Version(expected),
        events: vec![NewEvent {
            event_id: EventId(Uuid::now_v7()),
            event_type,
            event_version: "1",
            payload: PAYLOAD.to_owned(),
            metadata: METADATA.into(),
        }],
        command_id: CommandId(Uuid::now_v7()),
        idempotency: Some(Idempotency {
            user: UserId::new("customer-17").expect("an id"),
            key: Uuid::now_v7().to_string(),
            request_hash: [7; 32],
            answer: serde_json::json!({"number": "TKT-00000001"}),
            status: 201,
        }),
        claims: Vec::new(),
    }
}

async fn run<F>(
    pool: &PgPool,
    callers: usize,
    length: Duration,
    once: impl Fn(EventLog) -> F + Send + Sync + 'static,
) -> Measured
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let once = Arc::new(once);
    run_each(pool, callers, length, move |log, _, stop, count| {
        let once = Arc::clone(&once);
        async move {
            let mut times = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let since = Instant::now();
                let outcome = once(log.clone()).await;
                assert!(matches!(outcome, Outcome::Appended { .. }), "{outcome:?}");
                times.push(since.elapsed());
                count.fetch_add(1, Ordering::Relaxed);
            }
            times
        }
    })
    .await
}

/// Runs the callers side by side for a while. A second before is for warming up.
async fn run_each<F>(
    pool: &PgPool,
    callers: usize,
    length: Duration,
    caller: impl Fn(EventLog, usize, Arc<AtomicBool>, Arc<AtomicU64>) -> F,
) -> Measured
where
    F: Future<Output = Vec<Duration>> + Send + 'static,
{
    let shutdown = CancellationToken::new();
    let log = EventLog::start(pool.clone(), LogOptions::default(), shutdown.clone());
    let stop = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..callers)
        .map(|i| tokio::spawn(caller(log.clone(), i, Arc::clone(&stop), Arc::clone(&count))))
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, since) = (count.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(length).await;
    let (done, took) = (count.load(Ordering::Relaxed) - before, since.elapsed());
    stop.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("a caller"));
    }
    shutdown.cancel();
    log.stopped().await;
    times.sort_unstable();
    let p99 = times.get((times.len() * 99).div_ceil(100).saturating_sub(1)).copied();
    Measured { per_second: done as f64 / took.as_secs_f64(), p99 }
}
