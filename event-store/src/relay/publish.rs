//! Publishing in order, pipelined, each message with the sequence that it expects to follow.

use std::collections::VecDeque;
use std::future::IntoFuture;
use std::pin::Pin;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::publish::PublishAck;
use domain::ids::Position;

use super::message;
use super::reconcile::Place;
use crate::envelope::RecordedEvent;
use crate::subjects;

type Ack = Pin<Box<dyn Future<Output = Result<PublishAck, PublishError>> + Send>>;

struct Sent {
    position: Position,
    sequence: u64,
    ack: Ack,
}

/// Why publishing can't go on from where it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BrokenOff {
    /// Error 10071: the stream isn't where it is expected to be.
    #[error("the stream has another last message than expected")]
    Fenced,
    #[error("a message wasn't stored")]
    NotStored(#[from] PublishError),
}

/// Messages on their way.
pub(crate) struct Publisher {
    context: Context,
    cell: String,
    sent: VecDeque<Sent>,
    /// After the last message that was sent.
    place: Place,
    acknowledged: Position,
}

impl Publisher {
    pub(crate) fn new(context: Context, cell: &str, place: Place) -> Self {
        Self { context, cell: cell.to_owned(), sent: VecDeque::new(), place, acknowledged: place.position }
    }

    /// The last position that was sent.
    pub(crate) fn sent(&self) -> Position {
        self.place.position
    }

    /// The last position that the stream acknowledged.
    pub(crate) fn acknowledged(&self) -> Position {
        self.acknowledged
    }

    /// The stream's last sequence, once everything that was sent is stored.
    pub(crate) fn sequence(&self) -> u64 {
        self.place.sequence
    }

    /// How many wait for their acknowledgement.
    pub(crate) fn in_flight(&self) -> usize {
        self.sent.len()
    }

    /// Sends the next event; doesn't wait for its acknowledgement.
    pub(crate) async fn send(&mut self, event: &RecordedEvent) -> Result<(), BrokenOff> {
        let max_payload = self.context.client().server_info().max_payload;
        let (headers, body) = message::encode(event, &self.cell, self.place.origin, max_payload);
        let publish = PublishMessage::build()
            .payload(body)
            .headers(headers)
            .expected_last_sequence(self.place.sequence);
        let subject = subjects::of_event(&self.cell, event);
        let ack = self.context.send_publish(subject, publish).await?;
        self.place.sequence += 1;
        self.place.position = event.position;
        self.sent.push_back(Sent {
            position: event.position,
            sequence: self.place.sequence,
            ack: ack.into_future(),
        });
        Ok(())
    }

    /// The next acknowledgement, in order; never, if nothing is in flight. Dropping the future
    /// loses nothing.
    pub(crate) async fn acknowledge(&mut self) -> Result<(), BrokenOff> {
        let Some(first) = self.sent.front_mut() else { return std::future::pending().await };
        let answer = first.ack.as_mut().await;
        let (position, sequence) = (first.position, first.sequence);
        self.sent.pop_front();
        match answer {
            // A duplicate is as good, if it stands where this one was to stand.
            Ok(ack) if ack.sequence == sequence => {
                self.acknowledged = position;
                Ok(())
            }
            Ok(_) => Err(BrokenOff::Fenced),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Err(BrokenOff::Fenced),
            Err(error) => Err(error.into()),
        }
    }

    /// All acknowledgements that are still to come.
    pub(crate) async fn acknowledge_all(&mut self) -> Result<(), BrokenOff> {
        while !self.sent.is_empty() {
            self.acknowledge().await?;
        }
        Ok(())
    }
}
