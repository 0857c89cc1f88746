//! What the stream delivers from now on.
//!
//! A plain ephemeral consumer of new messages, without acknowledgements. If anything seems wrong
//! with it, it is dropped and made anew: where to go on is known from the log alone, never from
//! the stream's sequences, so nothing needs to be recovered.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::push::{Config, Messages};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use futures::{FutureExt, StreamExt};
use uuid::Uuid;

use crate::relay::message::{Received, decode};
use crate::subjects;

/// Two of these without a sign of life end the consumer: the stream is gone, or NATS.
const HEARTBEAT: Duration = Duration::from_millis(750);

pub(super) struct Live {
    messages: Messages,
    log: Uuid,
}

impl Live {
    /// Begins to listen.
    pub(super) async fn begin(
        client: async_nats::Client,
        cell: String,
        log: Uuid,
    ) -> Result<Self, async_nats::Error> {
        let inbox = client.new_inbox();
        let mut context = jetstream::new(client);
        context.set_timeout(Duration::from_secs(2));
        let config = Config {
            deliver_subject: inbox,
            deliver_policy: DeliverPolicy::New,
            ack_policy: AckPolicy::None,
            filter_subject: subjects::all_events(&cell),
            idle_heartbeat: HEARTBEAT,
            memory_storage: true,
            ..Config::default()
        };
        let stream = subjects::stream(&cell);
        let consumer = context.create_consumer_on_stream(config, stream).await?;
        Ok(Self { messages: consumer.messages().await?, log })
    }

    /// The next message; `None` if there will be none. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Option<Received> {
        match self.messages.next().await {
            Some(Ok(message)) => Some(decode(&message, self.log)),
            Some(Err(_)) | None => None,
        }
    }

    /// The next message if it is there already.
    pub(super) fn next_now(&mut self) -> Option<Received> {
        self.next().now_or_never().flatten()
    }
}
