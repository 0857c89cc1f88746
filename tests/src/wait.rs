//! Waiting for a state, never for a duration.

use std::future::Future;
use std::time::{Duration, Instant};

/// How long a state may take to come about before a test fails. Long, because machines
/// that run tests are slow and busy; no test waits for it to pass.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Asks until there is an answer; fails the test, naming `what`, when there is none in time.
pub async fn eventually<T, F, Fut>(what: &str, mut ask: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(start.elapsed() < DEADLINE, "not in {DEADLINE:?}: {what}");
        pause().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where tests pause between two looks at a state")]
pub(crate) async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

/// Asks until it is so, for `limit` at most, where nothing can be awaited: while something is dropped.
#[expect(clippy::disallowed_methods, reason = "the pause between two looks at a state, in a destructor")]
pub(crate) fn until_so(limit: Duration, mut ask: impl FnMut() -> bool) {
    let start = Instant::now();
    while !ask() && start.elapsed() < limit {
        std::thread::sleep(Duration::from_millis(20));
    }
}
