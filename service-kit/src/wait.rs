//! Waiting for a state, with an end.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// It didn't come about in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not within {0:?}")]
pub struct TimedOut(pub Duration);

/// Lets some time pass between two tries or two rounds: the one home of pauses.
#[expect(clippy::disallowed_methods, reason = "the one home of pauses")]
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Asks `ready` again and again, `apart`, until it answers with something or `limit` is over.
pub async fn until<T, F, Fut>(limit: Duration, apart: Duration, mut ready: F) -> Result<T, TimedOut>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = ready().await {
            return Ok(value);
        }
        if Instant::now() >= end {
            return Err(TimedOut(limit));
        }
        pause(apart).await;
    }
}

/// Pauses between tries: doubles from `first` to `most`, and starts again after [`Backoff::reset`].
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    next: Duration,
}

impl Backoff {
    /// A row of pauses.
    pub fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, next: first }
    }

    /// Pauses.
    pub async fn pause(&mut self) {
        pause(self.step()).await;
    }

    /// It worked: the next pause is the first again.
    pub fn reset(&mut self) {
        self.next = self.first;
    }

    fn step(&mut self) -> Duration {
        let now = self.next;
        self.next = (now * 2).min(self.most);
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_their_most() {
        let mut pauses = Backoff::new(Duration::from_millis(100), Duration::from_millis(300));
        let steps: Vec<_> = (0..4).map(|_| pauses.step().as_millis()).collect();
        assert_eq!(steps, [100, 200, 300, 300]);
        pauses.reset();
        assert_eq!(pauses.step().as_millis(), 100);
    }
}
