//! The body of an export: pieces as the caller takes them, and an end that can't be mistaken.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::time::Instant;

/// How long the caller may take for a piece.
const PATIENCE: Duration = Duration::from_secs(30);

/// While others wait for their export, a caller may have kept this one waiting for so long in all, and for the
/// time that what they took takes at the least rate, in bytes a second.
const GRACE: Duration = Duration::from_secs(5);
const LEAST_RATE: u64 = 256 * 1024;
/// How often it is looked whether others wait.
const LOOK: Duration = Duration::from_millis(250);

/// The caller doesn't read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unread {
    /// They have left.
    #[error("the caller has left")]
    Gone,
    /// They are there, and take nothing.
    #[error("the caller took nothing for {PATIENCE:?}")]
    Stuck,
    /// They are too slow for those who wait.
    #[error("the caller takes too little while others wait")]
    Slow,
}

/// Nobody said that this was the end. Whatever serves the body leaves it without a proper end, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the export broke off")]
struct BrokenOff;

#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    End,
}

/// Where the pieces go in. Dropped without [`Sender::end`], it breaks the body off.
#[derive(Debug)]
pub(super) struct Sender {
    pieces: mpsc::Sender<Piece>,
    patience: Duration,
    grace: Duration,
    /// How long the caller has kept it waiting, and what they took.
    waited: Duration,
    sent: u64,
}

impl Sender {
    /// Sends a piece, once the caller has taken the one before the last. `wanted` says whether others wait for
    /// what this export holds.
    pub(super) async fn send(&mut self, bytes: Bytes, wanted: impl Fn() -> bool) -> Result<(), Unread> {
        let (began, length) = (Instant::now(), bytes.len() as u64);
        let mut piece = Piece::Bytes(bytes);
        loop {
            let left = self.patience.saturating_sub(began.elapsed());
            match self.pieces.send_timeout(piece, left.min(LOOK)).await {
                Ok(()) => break,
                Err(SendTimeoutError::Closed(_)) => return Err(Unread::Gone),
                Err(SendTimeoutError::Timeout(_)) if began.elapsed() >= self.patience => {
                    return Err(Unread::Stuck);
                }
                Err(SendTimeoutError::Timeout(_)) if self.is_slow(began.elapsed()) && wanted() => {
                    return Err(Unread::Slow);
                }
                Err(SendTimeoutError::Timeout(again)) => piece = again,
            }
        }
        self.waited += began.elapsed();
        self.sent += length;
        Ok(())
    }

    /// Ends the body well. It holds nothing by now that others wait for.
    pub(super) async fn end(self) -> Result<(), Unread> {
        match self.pieces.send_timeout(Piece::End, self.patience).await {
            Ok(()) => Ok(()),
            Err(SendTimeoutError::Timeout(_)) => Err(Unread::Stuck),
            Err(SendTimeoutError::Closed(_)) => Err(Unread::Gone),
        }
    }

    fn is_slow(&self, now: Duration) -> bool {
        self.waited + now > self.grace + Duration::from_secs(self.sent / LEAST_RATE)
    }
}

/// A body, and what fills it.
pub(super) fn channel() -> (Sender, Body) {
    let (pieces, received) = mpsc::channel(1);
    let body = stream::unfold(Some(received), |received| async move {
        let mut received = received?;
        match received.recv().await {
            Some(Piece::Bytes(bytes)) => Some((Ok(bytes), Some(received))),
            Some(Piece::End) => None,
            None => Some((Err(BrokenOff), None)),
        }
    });
    let sender = Sender { pieces, patience: PATIENCE, grace: GRACE, waited: Duration::ZERO, sent: 0 };
    (sender, Body::from_stream(body))
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    const PIECE: Bytes = Bytes::from_static(b"a line\n");

    #[tokio::test]
    async fn only_what_was_ended_ends_well() {
        let (mut sender, body) = channel();
        let reader = tokio::spawn(to_bytes(body, usize::MAX));
        sender.send(PIECE, || false).await.unwrap();
        sender.end().await.unwrap();
        assert_eq!(reader.await.unwrap().unwrap(), PIECE);

        let (mut sender, body) = channel();
        let reader = tokio::spawn(to_bytes(body, usize::MAX));
        sender.send(PIECE, || false).await.unwrap();
        drop(sender);
        assert!(reader.await.unwrap().is_err());
    }

    #[tokio::test]
    async fn who_takes_nothing_is_given_up() {
        let (mut sender, body) = channel();
        sender.patience = Duration::from_millis(10);
        sender.send(PIECE, || false).await.unwrap();
        assert_eq!(sender.send(PIECE, || false).await, Err(Unread::Stuck));
        drop(body);
        assert_eq!(sender.send(PIECE, || false).await, Err(Unread::Gone));
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_little_is_given_up_when_others_wait() {
        let (mut sender, _body) = channel();
        sender.send(PIECE, || true).await.unwrap();
        assert_eq!(sender.send(PIECE, || true).await, Err(Unread::Slow));
        // One who took much has time.
        let (mut sender, body) = channel();
        sender.sent = LEAST_RATE * 10;
        let reader = tokio::spawn(async move {
            service_kit::wait::pause(GRACE * 2).await;
            to_bytes(body, usize::MAX).await
        });
        for _ in 0..3 {
            sender.send(PIECE, || true).await.unwrap();
        }
        sender.end().await.unwrap();
        assert!(reader.await.unwrap().is_ok());
    }
}
