//! The durable consumers of the stream: made here, since those who use them may not, and made anew where they
//! are gone: with a stream that was built anew, or because their own program removed them to start over.

use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::stream::ConsumerErrorKind;
use async_nats::jetstream::{self, Context, ErrorCode};
use event_store::subjects;
use futures::TryStreamExt;
use service_kit::wait::pause;
use tokio_util::sync::CancellationToken;

use super::{Durable, Registered, Registry};
use crate::data_dir::DataDir;

/// Between two looks at whether all are there.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What isn't acknowledged by then comes again: soon enough for a program that was killed and started again,
/// late enough for one that writes to a database.
const ACK_WAIT: Duration = Duration::from_secs(10);
/// One event at a time. With more, those that were on their way when a connection broke come again behind
/// later ones, and who goes by position would take them for old.
const IN_FLIGHT: i64 = 1;
/// Requests for events that may wait at a time, of all connections of a consumer; and how long each, which is
/// as long as clients ask for by themselves. Where accounts changed since the consumer was made, 2.9 doesn't see
/// that who asked is gone, and an event that is sent there is waited for in vain: so that long at the most.
const MAX_WAITING: i64 = 16;
pub(super) const MAX_EXPIRES: Duration = Duration::from_secs(30);
/// Events in one request.
const MAX_BATCH: i64 = 1_000;

/// Makes all durables of a consumer; those that are there stay where they are.
pub(crate) async fn make(context: &Context, consumer: &Registered) -> Result<(), async_nats::Error> {
    for durable in consumer.durables() {
        context.create_consumer_on_stream(config(durable), consumer.stream()).await?;
    }
    Ok(())
}

/// Removes them.
pub(crate) async fn remove(context: &Context, consumer: &Registered) {
    for durable in consumer.durables() {
        // Where it isn't there, or the stream isn't, it needs no removing.
        let _ = context.delete_consumer_from_stream(durable.name, consumer.stream()).await;
    }
}

/// How many events a durable hasn't delivered yet; `None` if it isn't there.
pub(crate) async fn behind(
    context: &Context,
    stream: &str,
    durable: &Durable,
) -> Result<Option<u64>, async_nats::Error> {
    match context.get_consumer_from_stream::<pull::Config, _, _>(&durable.name, stream).await {
        Ok(consumer) => {
            let info = consumer.cached_info();
            Ok(Some(info.num_pending + info.num_ack_pending as u64))
        }
        Err(error) => match error.kind() {
            ConsumerErrorKind::JetStream(error)
                if matches!(
                    error.error_code(),
                    ErrorCode::CONSUMER_NOT_FOUND | ErrorCode::STREAM_NOT_FOUND
                ) =>
            {
                Ok(None)
            }
            _ => Err(error.into()),
        },
    }
}

/// Sees to it that those of this directory and cell are there, until it is told to stop. Any number of processes
/// may.
pub(crate) async fn keep(dir: DataDir, client: Client, cell: String, stop: CancellationToken) {
    let context = jetstream::new(client);
    while stop.run_until_cancelled(pause(LOOK_EVERY)).await.is_some() {
        if let Err(error) = look(&dir, &context, &cell).await {
            // The server or the stream is away, which the relay tells of.
            tracing::debug!(%error, "consumers on NATS can't be looked after just now");
        }
    }
}

async fn look(dir: &DataDir, context: &Context, cell: &str) -> Result<(), async_nats::Error> {
    let registry = Registry::read(dir)?;
    let ours: Vec<_> = registry.all().iter().filter(|consumer| consumer.cell == cell).collect();
    if ours.is_empty() {
        return Ok(());
    }
    let stream = context.get_stream_no_info(subjects::stream(cell)).await?;
    let there: Vec<String> = stream.consumer_names().try_collect().await?;
    for consumer in ours {
        if consumer.durables().iter().all(|durable| there.contains(&durable.name)) {
            continue;
        }
        make(context, consumer).await?;
        tracing::info!(
            consumer = consumer.name(),
            "made the consumer's place in the stream, at its first event"
        );
        // It may have been revoked in this moment.
        let now = Registry::read(dir)?;
        if !now.all().iter().any(|each| each.name() == consumer.name()) {
            remove(context, consumer).await;
        }
    }
    Ok(())
}

fn config(durable: Durable) -> pull::Config {
    pull::Config {
        durable_name: Some(durable.name.clone()),
        name: Some(durable.name),
        filter_subject: durable.subject,
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        max_ack_pending: IN_FLIGHT,
        max_waiting: MAX_WAITING,
        max_expires: MAX_EXPIRES,
        max_batch: MAX_BATCH,
        ..pull::Config::default()
    }
}
