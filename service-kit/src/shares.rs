//! Fair shares of what there is little of: connections, streams, exports, work in hand.
//!
//! Every pool, queue and bound of a service is one [`Shares`]. A permit is held by a user of a tenant, and none
//! of them can hold all: a user has a cap, a tenant has one, and the customers of a tenant have a smaller one
//! together, so that those who help them are always served. Who has to wait for a permit waits in a queue of
//! their own: a free one goes to the tenant that holds the fewest, there to support before customers, and among
//! them to the user who holds the fewest. So whoever asks a hundred times at once waits for themselves.

mod queue;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::identity::Principal;
use domain::ids::TenantId;
use tokio::sync::oneshot;
use tokio::time::timeout;

use self::queue::{Holder, State};
use crate::problem::Problem;

/// How many permits there are, and how many of them somebody may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// All together.
    pub in_all: usize,
    /// A tenant.
    pub per_tenant: usize,
    /// The customers of a tenant, together.
    pub customers: usize,
    /// A user.
    pub per_user: usize,
    /// How many requests of a user may wait for a permit.
    pub waiting: usize,
}

impl Bounds {
    /// Of so many permits a tenant may hold three quarters, its customers half, a user a quarter.
    pub fn of(in_all: usize) -> Self {
        let part = |share: usize| (in_all * share / 4).max(1);
        Self {
            in_all: in_all.max(1),
            per_tenant: part(3),
            customers: part(2),
            per_user: part(1),
            waiting: 32,
        }
    }

    /// So many of each user may wait.
    #[must_use]
    pub fn waiting(self, waiting: usize) -> Self {
        Self { waiting, ..self }
    }

    /// A user may hold so many at most.
    #[must_use]
    pub fn per_user(self, per_user: usize) -> Self {
        Self { per_user: per_user.min(self.per_tenant).max(1), ..self }
    }
}

/// Why there was no permit: which bound it would have gone over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Crowded {
    /// The user holds as many as one may, or has as many requests waiting.
    #[error("a user has {0} at once; one of yours has to end first")]
    User(usize),
    /// The tenant's customers hold as many as they may together.
    #[error("the customers of a tenant have {0} at once; one has to end first")]
    Customers(usize),
    /// The tenant does.
    #[error("a tenant has {0} at once; one has to end first")]
    Tenant(usize),
    /// All are in use.
    #[error("the server has as many at once as it can do well")]
    All,
}

impl Crowded {
    /// As the caller gets it: their own bounds are 429, that all together want too much is no fault of theirs.
    pub fn problem(self, code: &'static str, title: &'static str, retry_after: u32) -> Problem {
        use axum::http::StatusCode;
        let status = match self {
            Self::User(_) | Self::Customers(_) | Self::Tenant(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::All => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut detail = self.to_string();
        if let Some(first) = detail.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Problem::new(status, code, title).detail(format!("{detail}.")).retry_after(retry_after)
    }
}

/// Requests: whoever asks for too much at once is told so.
impl From<Crowded> for Problem {
    fn from(crowded: Crowded) -> Self {
        match crowded {
            Crowded::All => crowded.problem("overloaded", "Too much to do at the moment", 1),
            _ => crowded.problem("rate_limited", "Other requests have to end first", 1),
        }
    }
}

/// A number of permits, shared between tenants and their users.
#[derive(Debug)]
pub struct Shares {
    name: &'static str,
    bounds: Bounds,
    state: Mutex<State>,
}

/// A permit; given back when dropped.
#[derive(Debug)]
pub struct Share {
    shares: Arc<Shares>,
    tenant: TenantId,
    holder: Holder,
}

impl Shares {
    /// Nobody holds any. `name` is what metrics call them.
    pub fn new(name: &'static str, bounds: Bounds) -> Arc<Self> {
        Arc::new(Self { name, bounds, state: Mutex::default() })
    }

    /// What metrics call them.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How many there are, and for whom.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// How many are held.
    pub fn held(&self) -> usize {
        self.state().held
    }

    /// A permit, if there is one for the caller at this moment.
    pub fn try_acquire(self: &Arc<Self>, caller: &Principal) -> Result<Share, Crowded> {
        let (tenant, holder) = (caller.tenant, Holder::of(caller));
        let mut state = self.state();
        // Nobody overtakes those who wait.
        let free = if state.others_first(&self.bounds, tenant, &holder) {
            Err(Crowded::All)
        } else {
            state.fits(&self.bounds, tenant, &holder)
        };
        if let Err(crowded) = free {
            drop(state);
            return Err(self.refused(crowded));
        }
        state.take(tenant, &holder);
        Ok(self.share(state, tenant, holder))
    }

    /// A permit, once there is one for the caller; within so much time.
    pub async fn acquire(self: &Arc<Self>, caller: &Principal, patience: Duration) -> Result<Share, Crowded> {
        let (tenant, holder) = (caller.tenant, Holder::of(caller));
        let mut waiting = {
            let mut state = self.state();
            if !state.others_first(&self.bounds, tenant, &holder)
                && state.fits(&self.bounds, tenant, &holder).is_ok()
            {
                state.take(tenant, &holder);
                return Ok(self.share(state, tenant, holder));
            }
            let (granted, receiver) = oneshot::channel();
            match state.wait(&self.bounds, tenant, &holder, granted) {
                Ok(id) => Waiting { shares: self, tenant, holder: &holder, id, receiver, over: false },
                Err(crowded) => {
                    drop(state);
                    return Err(self.refused(crowded));
                }
            }
        };
        let granted = timeout(patience, &mut waiting.receiver).await;
        if granted.is_ok_and(|granted| granted.is_ok()) {
            waiting.over = true;
            drop(waiting);
            return Ok(Share { shares: self.clone(), tenant, holder });
        }
        let crowded = self.state().fits(&self.bounds, tenant, &holder).err().unwrap_or(Crowded::All);
        drop(waiting);
        Err(self.refused(crowded))
    }

    fn share(self: &Arc<Self>, state: MutexGuard<'_, State>, tenant: TenantId, holder: Holder) -> Share {
        self.show(&state);
        Share { shares: self.clone(), tenant, holder }
    }

    fn refused(&self, crowded: Crowded) -> Crowded {
        let whose = match crowded {
            Crowded::User(_) => "user",
            Crowded::Customers(_) => "customers",
            Crowded::Tenant(_) => "tenant",
            Crowded::All => "all",
        };
        metrics::counter!("docket_shares_refused_total", "of" => self.name, "bound" => whose).increment(1);
        crowded
    }

    fn release(&self, tenant: TenantId, holder: &Holder) {
        let mut state = self.state();
        state.give_back(tenant, holder);
        state.grant(&self.bounds);
        self.show(&state);
    }

    fn show(&self, state: &State) {
        metrics::gauge!("docket_shares_held", "of" => self.name).set(state.held as f64);
        metrics::gauge!("docket_shares_waiting", "of" => self.name).set(state.waiting as f64);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who waits; leaves the queue when dropped, and gives back what came too late.
struct Waiting<'a> {
    shares: &'a Shares,
    tenant: TenantId,
    holder: &'a Holder,
    id: u64,
    receiver: oneshot::Receiver<()>,
    over: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let mut state = self.shares.state();
        if self.receiver.try_recv().is_ok() {
            state.give_back(self.tenant, self.holder);
        } else {
            state.leave(self.tenant, self.holder, self.id);
        }
        state.grant(&self.shares.bounds);
        self.shares.show(&state);
    }
}

impl Share {
    /// Whether somebody else waits for a permit like this one.
    pub fn is_wanted(&self) -> bool {
        let state = self.shares.state();
        let own = state.tenants.get(&self.tenant).and_then(|tenant| tenant.users.get(&self.holder));
        state.waiting > own.map_or(0, |own| own.waiting.len())
    }

    /// Whose it is.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.shares.release(self.tenant, &self.holder);
    }
}

#[cfg(test)]
mod tests;
