//! The body of an export: pieces as the caller takes them, and an end that can't be mistaken.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use tokio::sync::mpsc;

/// How long the caller may take for a piece.
const PATIENCE: Duration = Duration::from_secs(30);

/// The caller doesn't read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unread {
    /// They have left.
    #[error("the caller has left")]
    Gone,
    /// They are there, and take nothing.
    #[error("the caller took nothing for {PATIENCE:?}")]
    Stuck,
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
}

impl Sender {
    /// Sends a piece, once the caller has taken the one before the last.
    pub(super) async fn send(&self, bytes: Bytes) -> Result<(), Unread> {
        self.put(Piece::Bytes(bytes)).await
    }

    /// Ends the body well.
    pub(super) async fn end(self) -> Result<(), Unread> {
        self.put(Piece::End).await
    }

    async fn put(&self, piece: Piece) -> Result<(), Unread> {
        match self.pieces.send_timeout(piece, self.patience).await {
            Ok(()) => Ok(()),
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => Err(Unread::Stuck),
            Err(mpsc::error::SendTimeoutError::Closed(_)) => Err(Unread::Gone),
        }
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
    (Sender { pieces, patience: PATIENCE }, Body::from_stream(body))
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    const PIECE: Bytes = Bytes::from_static(b"a line\n");

    #[tokio::test]
    async fn only_what_was_ended_ends_well() {
        let (sender, body) = channel();
        let reader = tokio::spawn(to_bytes(body, usize::MAX));
        sender.send(PIECE).await.unwrap();
        sender.end().await.unwrap();
        assert_eq!(reader.await.unwrap().unwrap(), PIECE);

        let (sender, body) = channel();
        let reader = tokio::spawn(to_bytes(body, usize::MAX));
        sender.send(PIECE).await.unwrap();
        drop(sender);
        assert!(reader.await.unwrap().is_err());
    }

    #[tokio::test]
    async fn who_takes_nothing_is_given_up() {
        let (mut sender, body) = channel();
        sender.patience = Duration::from_millis(10);
        sender.send(PIECE).await.unwrap();
        assert_eq!(sender.send(PIECE).await, Err(Unread::Stuck));
        drop(body);
        assert_eq!(sender.send(PIECE).await, Err(Unread::Gone));
    }
}
