//! Publishing in order, pipelined, each message with the sequence and the message that it expects
//! to follow.
//!
//! The sequence alone isn't enough: somebody else's message between two of ours has the first one
//! after it refused, and the next one's expectation come true; that one would leave a hole.
//!
//! With both, one that is refused has all after it refused too, so the last one's acknowledgement
//! stands for all of a batch. The first one of a publisher is acknowledged by itself: what the
//! stream has against it, such as a full disk, would else be told as an unmet expectation.

use std::collections::VecDeque;
use std::future::IntoFuture;
use std::pin::Pin;

use async_nats::HeaderMap;
use async_nats::client::PublishError as SendError;
use async_nats::header::{NATS_EXPECTED_LAST_MESSAGE_ID, NATS_EXPECTED_LAST_SEQUENCE};
use async_nats::jetstream::Context;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::publish::PublishAck;
use bytes::Bytes;
use domain::ids::{EventId, Position};
use domain::ticket::upcast::Upcasters;

use super::message;
use super::reconcile::Place;
use crate::envelope::RecordedEvent;
use crate::subjects;

type Ack = Pin<Box<dyn Future<Output = Result<PublishAck, PublishError>> + Send>>;

/// Messages that are acknowledged together, as the last of them.
struct Sent {
    position: Position,
    sequence: u64,
    messages: usize,
    ack: Ack,
}

/// Why publishing can't go on from where it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BrokenOff {
    /// Errors 10071 and 10070: the stream isn't where it is expected to be.
    #[error("the stream has another last message than expected")]
    Fenced,
    #[error("a message wasn't stored")]
    NotStored(#[from] PublishError),
    #[error("a message wasn't sent")]
    NotSent(#[from] SendError),
}

/// Messages on their way.
pub(crate) struct Publisher {
    context: Context,
    cell: String,
    upcasters: Upcasters,
    sent: VecDeque<Sent>,
    /// Messages since the last one that asked for an acknowledgement.
    unasked: usize,
    /// After the last message that was sent.
    place: Place,
    /// The id of the last message that was sent. None before the first: a server that was
    /// restarted knows the last sequence, but not always the last id.
    last_id: Option<EventId>,
    acknowledged: Position,
}

impl Publisher {
    pub(crate) fn new(context: Context, cell: &str, upcasters: Upcasters, place: Place) -> Self {
        Self {
            context,
            cell: cell.to_owned(),
            upcasters,
            sent: VecDeque::new(),
            unasked: 0,
            place,
            last_id: None,
            acknowledged: place.position,
        }
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
        self.sent.iter().map(|sent| sent.messages).sum()
    }

    /// Sends the next events; doesn't wait for their acknowledgement.
    pub(crate) async fn send(&mut self, events: &[RecordedEvent]) -> Result<(), BrokenOff> {
        let max_payload = self.context.client().server_info().max_payload;
        for (nth, event) in (1..).zip(events) {
            let (mut headers, body) =
                message::encode(event, &self.cell, self.place.origin, max_payload, &self.upcasters);
            headers.insert(NATS_EXPECTED_LAST_SEQUENCE, self.place.sequence.to_string());
            if let Some(last) = self.last_id {
                headers.insert(NATS_EXPECTED_LAST_MESSAGE_ID, last.to_string());
            }
            let first = self.last_id.is_none();
            self.last_id = Some(event.event_id);
            self.place.sequence += 1;
            self.place.position = event.position;
            self.unasked += 1;
            let subject = subjects::of_event(&self.cell, event);
            if first || nth == events.len() {
                self.send_and_ask(subject, headers, body).await?;
            } else {
                self.context.client().publish_with_headers(subject, headers, body).await?;
            }
        }
        Ok(())
    }

    async fn send_and_ask(
        &mut self,
        subject: String,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(), BrokenOff> {
        let publish = PublishMessage::build().payload(body).headers(headers);
        let ack = self.context.send_publish(subject, publish).await?;
        self.sent.push_back(Sent {
            position: self.place.position,
            sequence: self.place.sequence,
            messages: std::mem::take(&mut self.unasked),
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
            Err(error)
                if matches!(
                    error.kind(),
                    PublishErrorKind::WrongLastSequence | PublishErrorKind::WrongLastMessageId
                ) =>
            {
                Err(BrokenOff::Fenced)
            }
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
