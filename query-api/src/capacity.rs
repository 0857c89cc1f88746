//! What this service has little of, and who may have how much of it.
//!
//! Everything here is [`Shares`]: no tenant and no user can take all of it. Whatever else is bounded by a number
//! belongs here too, so that the tests of fairness, which go through `Capacity::all`, know of it.

use std::sync::Arc;
use std::time::Duration;

use domain::identity::Principal;
use service_kit::shares::{Bounds, Crowded, Share, Shares};

use crate::live::StreamLimits;

/// How long a query waits for a connection. Whoever asks for much waits for themselves.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an export waits for its turn: who reads slowly is cut off meanwhile.
const EXPORT: Duration = Duration::from_secs(15);
/// How long a look at the past waits for its turn: the one before may take a while.
const PAST: Duration = Duration::from_secs(10);
/// How long a stream that is behind waits to read on; it is tried again.
const BEHIND: Duration = Duration::from_secs(60);

/// How many statistics of the past are computed at the same time: each holds a tenant's tickets.
const PASTS: usize = 2;
/// How many requests may wait for a position that isn't shown yet. They hold no connection meanwhile.
const POSITIONS: usize = 4_096;

/// How a pool of connections is divided, so that no kind of work waits for another: the rest is for queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Division {
    /// Queries that somebody waits for.
    pub(crate) queries: usize,
    /// Whole lists as files.
    pub(crate) exports: usize,
    /// Readers of the events of tenants that are followed: one for each tenant at most.
    pub(crate) readers: usize,
    /// Streams that are behind.
    pub(crate) behind: usize,
}

impl Division {
    /// Of so many connections. One is left to those who look how far the read models are.
    pub(crate) fn of(connections: u32) -> Self {
        let connections = connections as usize;
        let part = |of: usize| (connections / of).max(1);
        let (exports, readers, behind) = (part(4), part(8), part(8));
        let queries = connections.saturating_sub(exports + readers + behind + 1).max(1);
        Self { queries, exports, readers, behind }
    }
}

/// The shares of this service.
#[derive(Debug)]
pub(crate) struct Capacity {
    queries: Arc<Shares>,
    exports: Arc<Shares>,
    behind: Arc<Shares>,
    past: Arc<Shares>,
    positions: Arc<Shares>,
    streams: Arc<Shares>,
}

impl Capacity {
    /// Of so many connections, with these limits of streams.
    pub(crate) fn new(connections: u32, streams: &StreamLimits) -> Self {
        let division = Division::of(connections);
        let third = |permits: usize| (permits / 3).max(1);
        let queries = Bounds::of(division.queries).per_user(third(division.queries)).waiting(128);
        let behind = Bounds::of(division.behind).waiting(streams.per_user);
        Self {
            queries: Shares::new("queries", queries),
            exports: Shares::new("exports", Bounds::of(division.exports).per_user(1).waiting(2)),
            behind: Shares::new("streams_behind", behind),
            past: Shares::new("past_statistics", Bounds::of(PASTS).per_user(1).waiting(2)),
            positions: Shares::new("positions", Bounds::of(POSITIONS).per_user(POSITIONS / 32).waiting(0)),
            streams: Shares::new("streams", streams.bounds()),
        }
    }

    /// All of them.
    #[cfg(test)]
    fn all(&self) -> [&Arc<Shares>; 6] {
        let Self { queries, exports, behind, past, positions, streams } = self;
        [queries, exports, behind, past, positions, streams]
    }

    /// To ask the database something.
    pub(crate) async fn query(&self, caller: &Principal) -> Result<Share, Crowded> {
        self.queries.acquire(caller, PATIENCE).await
    }

    /// To take a whole list away. Whoever is taking one already isn't kept waiting for themselves.
    pub(crate) async fn export(&self, caller: &Principal) -> Result<Share, Crowded> {
        match self.exports.try_acquire(caller) {
            Err(crowded @ Crowded::User(_)) => Err(crowded),
            Err(_) => self.exports.acquire(caller, EXPORT).await,
            taken => taken,
        }
    }

    /// To read on where a stream is behind.
    pub(crate) async fn behind(&self, caller: &Principal) -> Result<Share, Crowded> {
        self.behind.acquire(caller, BEHIND).await
    }

    /// To fold a tenant's past.
    pub(crate) async fn past(&self, caller: &Principal) -> Result<Share, Crowded> {
        self.past.acquire(caller, PAST).await
    }

    /// To wait for a position.
    pub(crate) fn position(&self, caller: &Principal) -> Result<Share, Crowded> {
        self.positions.try_acquire(caller)
    }

    /// To stay with a stream.
    pub(crate) fn stream(&self, caller: &Principal) -> Result<Share, Crowded> {
        self.streams.try_acquire(caller)
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{TenantId, UserId};

    use super::*;

    fn caller(user: &str, tenant: &str, role: &str) -> Principal {
        Principal::new(UserId::new(user).unwrap(), TenantId::of_key(tenant), vec![role.to_owned()])
    }

    /// Takes all that somebody gets.
    fn fill(shares: &Arc<Shares>, caller: &Principal) -> Vec<Share> {
        std::iter::from_fn(|| shares.try_acquire(caller).ok()).collect()
    }

    #[test]
    fn no_user_and_no_tenant_can_take_all_of_anything() {
        let capacity = Capacity::new(16, &StreamLimits::default());
        for shares in capacity.all() {
            let (name, bounds) = (shares.name(), shares.bounds());
            // A customer at full speed, and all other customers of the tenant.
            let mut held = fill(shares, &caller("noisy", "one", "customer"));
            for user in 0..bounds.customers {
                held.extend(fill(shares, &caller(&format!("c{user}"), "one", "customer")));
            }
            let agent = caller("quiet", "one", "support_agent");
            assert!(
                shares.try_acquire(&agent).is_ok() || bounds.in_all < 3,
                "{name}: customers leave nothing to support: {bounds:?}"
            );
            // A tenant's support at full speed besides.
            for user in 0..bounds.per_tenant {
                held.extend(fill(shares, &caller(&format!("a{user}"), "one", "support_agent")));
            }
            for role in ["support_agent", "customer"] {
                let other = caller("quiet", "two", role);
                assert!(shares.try_acquire(&other).is_ok(), "{name}: one tenant takes all: {bounds:?}");
            }
        }
    }

    #[tokio::test]
    async fn who_is_quiet_never_waits_for_more_than_the_first_that_ends() {
        let capacity = Capacity::new(16, &StreamLimits::default());
        for shares in capacity.all() {
            let name = shares.name();
            let mut held = Vec::new();
            if shares.bounds().waiting == 0 {
                // There is nothing to wait for: one is refused, or not.
                continue;
            }
            for tenant in 0..shares.bounds().in_all {
                let tenant = format!("t{tenant}");
                for user in 0..shares.bounds().per_tenant {
                    held.extend(fill(shares, &caller(&format!("u{user}"), &tenant, "support_agent")));
                }
            }
            let (loud, quiet) = (caller("u0", "t0", "support_agent"), caller("q", "quiet", "customer"));
            let wait = Duration::from_secs(60);
            let crowd: Vec<_> = (0..shares.bounds().waiting)
                .map(|_| {
                    let (shares, loud) = (Arc::clone(shares), loud.clone());
                    tokio::spawn(async move { shares.acquire(&loud, wait).await.is_ok() })
                })
                .collect();
            tokio::task::yield_now().await;
            let mut one = std::pin::pin!(shares.acquire(&quiet, wait));
            assert!(futures::poll!(&mut one).is_pending(), "{name}");
            held.pop();
            assert!(one.await.is_ok(), "{name}");
            drop(held);
            for one in crowd {
                assert!(one.await.unwrap(), "{name}: whoever waits comes in the end");
            }
        }
    }

    #[test]
    fn a_pool_is_divided_without_a_rest() {
        for connections in 6..64 {
            let Division { queries, exports, readers, behind } = Division::of(connections);
            assert_eq!((queries + exports + readers + behind + 1) as u32, connections);
        }
        assert_eq!(Division::of(1).queries, 1);
    }
}
