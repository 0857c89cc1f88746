//! A body that goes as fast as its caller takes it, and breaks off when they take nothing.
//!
//! The server takes pieces ahead of what it could write. Each piece tells when it is let go, which is
//! when the last of it went to the system: so no more than [`PIECES`] are out, and the time since one
//! moved is known. The server polls for more until it holds 16 pieces, so with fewer the clock here
//! always ticks.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::stream::{Stream, StreamExt as _};
use futures::task::AtomicWaker;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::{Place, StreamLimits};

/// The longest piece.
const PIECE: usize = 8 * 1024;
/// How many pieces the server has of one stream.
const PIECES: usize = 6;
/// A comment: nobody takes the stream for dead, and nobody takes it for an event.
const HEARTBEAT: &[u8] = b": heartbeat\n\n";

/// The caller took nothing. They come again, and go on after the last event that they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the caller took nothing for too long")]
pub(super) struct CutOff;

/// Messages as a body.
pub(super) struct Paced<S> {
    messages: S,
    place: Place,
    limits: StreamLimits,
    pulse: Interval,
    gauge: Arc<Gauge>,
    /// What isn't in a piece yet.
    rest: BytesMut,
    spoke: Instant,
    ended: bool,
}

impl<S> Paced<S> {
    /// Begins.
    pub(super) fn new(messages: S, place: Place, limits: StreamLimits) -> Self {
        let often = (limits.patience / 4).min(Duration::from_secs(1)).max(Duration::from_millis(1));
        let mut pulse = interval(often);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let now = Instant::now();
        let gauge = Gauge { out: AtomicUsize::new(0), moved: Mutex::new(now), waker: AtomicWaker::new() };
        Self {
            messages,
            place,
            limits,
            pulse,
            gauge: Arc::new(gauge),
            rest: BytesMut::new(),
            spoke: now,
            ended: false,
        }
    }
}

impl<S: Stream<Item = Bytes> + Unpin> Stream for Paced<S> {
    type Item = Result<Bytes, CutOff>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        while this.pulse.poll_tick(context).is_ready() {
            if this.gauge.stuck(this.limits.patience) {
                this.place.cut_off();
                return Poll::Ready(Some(Err(CutOff)));
            }
            if this.rest.is_empty() && this.gauge.out() == 0 && this.spoke.elapsed() >= this.limits.heartbeat
            {
                this.rest.extend_from_slice(HEARTBEAT);
            }
        }
        // Before the look at what is out, so that a piece that is let go in between isn't missed.
        this.gauge.waker.register(context.waker());
        if this.gauge.out() >= PIECES {
            return Poll::Pending;
        }
        while this.rest.len() < PIECE && !this.ended {
            match this.messages.poll_next_unpin(context) {
                Poll::Ready(Some(message)) => this.rest.extend_from_slice(&message),
                Poll::Ready(None) => this.ended = true,
                Poll::Pending => break,
            }
        }
        if this.rest.is_empty() {
            return if this.ended { Poll::Ready(None) } else { Poll::Pending };
        }
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        if this.rest.is_empty() {
            // What a large message has needed isn't kept for the small ones after it.
            this.rest = BytesMut::new();
        }
        this.spoke = Instant::now();
        Poll::Ready(Some(Ok(Gauge::lend(&this.gauge, piece.freeze()))))
    }
}

/// What the server has, and since when.
struct Gauge {
    out: AtomicUsize,
    moved: Mutex<Instant>,
    waker: AtomicWaker,
}

impl Gauge {
    fn lend(gauge: &Arc<Self>, bytes: Bytes) -> Bytes {
        if gauge.out.fetch_add(1, Ordering::AcqRel) == 0 {
            gauge.note();
        }
        Bytes::from_owner(Lent { bytes, gauge: gauge.clone() })
    }

    fn out(&self) -> usize {
        self.out.load(Ordering::Acquire)
    }

    fn note(&self) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn stuck(&self, patience: Duration) -> bool {
        let moved = *self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        self.out() > 0 && moved.elapsed() >= patience
    }
}

/// A piece that the server has.
struct Lent {
    bytes: Bytes,
    gauge: Arc<Gauge>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.gauge.note();
        self.gauge.out.fetch_sub(1, Ordering::AcqRel);
        self.gauge.waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use domain::identity::Principal;
    use domain::ids::{TenantId, UserId};
    use futures::stream;
    use service_kit::shares::Shares;

    use super::*;
    use crate::live::Place;

    const MESSAGE: Bytes = Bytes::from_static(&[b'x'; 1000]);

    fn paced<S>(messages: S, limits: StreamLimits) -> Paced<S> {
        let caller = Principal::new(UserId::new("u").unwrap(), TenantId::of_key("t"), Vec::new());
        let share = Shares::new("test", limits.bounds()).try_acquire(&caller).unwrap();
        let place = Place::new(share, "test");
        Paced::new(messages, place, limits)
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_takes_nothing_holds_a_few_kilobytes_and_is_cut_off() {
        let mut body = paced(stream::repeat(MESSAGE), StreamLimits::default());
        let start = Instant::now();
        let mut held = Vec::new();
        while let Some(Ok(piece)) = body.next().await {
            held.push(piece);
        }
        assert_eq!(held.iter().map(Bytes::len).sum::<usize>(), PIECE * PIECES);
        assert!(start.elapsed() >= StreamLimits::default().patience);
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_takes_a_little_is_left_in_peace() {
        let mut body = paced(stream::repeat(MESSAGE), StreamLimits::default());
        let start = Instant::now();
        let mut held = std::collections::VecDeque::new();
        while start.elapsed() < Duration::from_secs(300) {
            tokio::select! {
                piece = body.next() => held.push_back(piece.unwrap().unwrap()),
                () = service_kit::wait::pause(Duration::from_secs(29)) => drop(held.pop_front()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_broken_and_costs_nobody_the_stream() {
        let mut body = paced(stream::pending(), StreamLimits::default());
        for _ in 0..10 {
            assert_eq!(body.next().await.unwrap().unwrap(), HEARTBEAT);
        }
    }

    #[tokio::test]
    async fn a_large_message_leaves_in_pieces_and_whole() {
        let large = Bytes::from(vec![b'y'; 100_000]);
        let mut body = paced(stream::iter([large.clone()]), StreamLimits::default());
        let mut taken = Vec::new();
        while let Some(piece) = body.next().await {
            let piece = piece.unwrap();
            assert!(piece.len() <= PIECE);
            taken.extend_from_slice(&piece);
        }
        assert_eq!(taken, large);
    }
}
