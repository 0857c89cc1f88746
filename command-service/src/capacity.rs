//! What this service has little of, and who may have how much of it.
//!
//! Everything here is [`Shares`]: no tenant and no user can take all of it. Whatever else is bounded by a number
//! belongs here too, so that the tests of fairness, which go through `Capacity::all`, know of it.

use std::sync::Arc;
use std::time::Duration;

use domain::identity::Principal;
use service_kit::shares::{Bounds, Crowded, Share, Shares};

/// Commands at work at once: more than enough for the writer to fill its batches, and a fraction of what its
/// queue takes, so that the queue is never full of one tenant's.
const COMMANDS: usize = 512;
/// Requests with many commands at work at once.
const BULK: usize = 4;
/// Backtests at once: each takes memory by the tickets that it is tried on.
const BACKTESTS: usize = 1;

/// How long a command waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long many commands do.
const BULK_PATIENCE: Duration = Duration::from_secs(10);
/// How long a backtest does: the one before may take a while.
const BACKTEST_PATIENCE: Duration = Duration::from_secs(20);

/// The shares of this service.
#[derive(Debug)]
pub(crate) struct Capacity {
    commands: Arc<Shares>,
    bulk: Arc<Shares>,
    backtests: Arc<Shares>,
}

impl Capacity {
    /// Nothing is at work.
    pub(crate) fn new() -> Self {
        Self {
            commands: Shares::new("commands", Bounds::of(COMMANDS).waiting(COMMANDS)),
            bulk: Shares::new("bulk_commands", Bounds::of(BULK).waiting(BULK)),
            backtests: Shares::new("backtests", Bounds::of(BACKTESTS).waiting(1)),
        }
    }

    /// All of them.
    #[cfg(test)]
    fn all(&self) -> [&Arc<Shares>; 3] {
        let Self { commands, bulk, backtests } = self;
        [commands, bulk, backtests]
    }

    /// To have a command carried out.
    pub(crate) async fn command(&self, caller: &Principal) -> Result<Share, Crowded> {
        self.commands.acquire(caller, PATIENCE).await
    }

    /// To have many carried out in one request.
    pub(crate) async fn bulk(&self, caller: &Principal) -> Result<Share, Crowded> {
        self.bulk.acquire(caller, BULK_PATIENCE).await
    }

    /// To try policies on the past.
    pub(crate) async fn backtest(&self, caller: &Principal) -> Result<Share, Crowded> {
        self.backtests.acquire(caller, BACKTEST_PATIENCE).await
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{TenantId, UserId};

    use super::*;

    fn caller(user: &str, tenant: &str, role: &str) -> Principal {
        Principal::new(UserId::new(user).unwrap(), TenantId::of_key(tenant), vec![role.to_owned()])
    }

    fn fill(shares: &Arc<Shares>, caller: &Principal) -> Vec<Share> {
        std::iter::from_fn(|| shares.try_acquire(caller).ok()).collect()
    }

    #[test]
    fn no_user_and_no_tenant_can_take_all_of_anything() {
        let capacity = Capacity::new();
        // Of one there is nothing to leave over: its queue is fair.
        for shares in capacity.all().into_iter().filter(|shares| shares.bounds().in_all > 1) {
            let (name, bounds) = (shares.name(), shares.bounds());
            let mut held = fill(shares, &caller("noisy", "one", "customer"));
            assert!(held.len() < bounds.in_all, "{name}");
            for user in 0..bounds.customers {
                held.extend(fill(shares, &caller(&format!("c{user}"), "one", "customer")));
            }
            assert!(
                shares.try_acquire(&caller("quiet", "one", "support_agent")).is_ok(),
                "{name}: {bounds:?}"
            );
            for user in 0..bounds.per_tenant {
                held.extend(fill(shares, &caller(&format!("a{user}"), "one", "support_agent")));
            }
            for role in ["support_agent", "customer"] {
                assert!(shares.try_acquire(&caller("quiet", "two", role)).is_ok(), "{name}: {bounds:?}");
            }
        }
    }

    #[tokio::test]
    async fn who_is_quiet_is_next() {
        let capacity = Capacity::new();
        let wait = Duration::from_secs(60);
        for shares in capacity.all() {
            let name = shares.name();
            let mut held = Vec::new();
            for tenant in 0..shares.bounds().in_all {
                held.extend(fill(shares, &caller("u", &format!("t{tenant}"), "support_agent")));
            }
            let (loud, quiet) = (caller("u", "t0", "support_agent"), caller("q", "quiet", "customer"));
            let mut more = std::pin::pin!(shares.acquire(&loud, wait));
            assert!(futures::poll!(&mut more).is_pending(), "{name}");
            let mut one = std::pin::pin!(shares.acquire(&quiet, wait));
            assert!(futures::poll!(&mut one).is_pending(), "{name}");
            held.truncate(held.len() - 1);
            drop(one.await.unwrap());
            drop(held);
            assert!(more.await.is_ok(), "{name}");
        }
    }
}
