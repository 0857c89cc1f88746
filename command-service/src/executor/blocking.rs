//! Work that keeps a processor busy: making markup safe, reading files. It runs apart from the threads that
//! requests are answered on, no more of it at once than there are processors, shared fairly between tenants and
//! users, and has a deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use domain::identity::Principal;
use service_kit::shares::{Bounds, Shares};

use super::CommandError;

/// How long one piece of work may take. What it is about is bounded anyway: on a machine that isn't
/// overloaded it takes a small part of that.
const LONGEST: Duration = Duration::from_secs(3);

/// How long it waits for its turn, and how many pieces of a user may wait.
const PATIENCE: Duration = Duration::from_secs(5);
const WAITING: usize = 128;

/// Where such work is done. Cheap to clone.
#[derive(Clone)]
pub(super) struct Blocking(Arc<Shares>);

impl Blocking {
    pub(super) fn new() -> Self {
        let processors = available_parallelism().map_or(2, usize::from);
        Self(Shares::new("processors", Bounds::of(processors).waiting(WAITING)))
    }

    /// Has something done. It is handed a function that says whether to stop, because its time is over or
    /// nobody waits for it any more, and has to ask it again and again: a thread can't be taken away.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        caller: &Principal,
        work: impl FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
    ) -> Result<T, CommandError> {
        let share = self.0.acquire(caller, PATIENCE).await?;
        let unwanted = Arc::new(AtomicBool::new(false));
        let _guard = Unwanted(unwanted.clone());
        let done = tokio::task::spawn_blocking(move || {
            // It is given back when the work has ended, not when nobody waits for it.
            let _share = share;
            let since = Instant::now();
            work(&|| unwanted.load(Ordering::Relaxed) || since.elapsed() > LONGEST)
        });
        // Work that panicked was logged by the panic hook.
        done.await.map_err(|_| CommandError::Overloaded)
    }
}

/// Says when it is dropped that nobody waits any more.
struct Unwanted(Arc<AtomicBool>);

impl Drop for Unwanted {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{TenantId, UserId};
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_stopped_and_gives_its_place_back() {
        let blocking = Blocking(Shares::new("test", Bounds::of(1)));
        let caller = Principal::new(UserId::new("u").unwrap(), TenantId::of_key("t"), Vec::new());
        let (begun, began) = oneshot::channel();
        let endless = blocking.run(&caller, move |stop| {
            let _ = begun.send(());
            while !stop() {
                std::thread::yield_now();
            }
        });
        tokio::select! {
            _ = endless => panic!("it ended by itself"),
            _ = began => {}
        }
        assert_eq!(blocking.run(&caller, |_| 7).await.unwrap(), 7);
    }
}
