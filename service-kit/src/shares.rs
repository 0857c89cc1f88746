//! Fair shares of what there is little of: connections, streams, exports, work in hand.
//!
//! Every pool, queue and bound of a service is one [`Shares`]. A permit is held by a user of a tenant, and none
//! of them can hold all: a user has a cap, a tenant has one, and the customers of a tenant have a smaller one
//! together, so that those who help them are always served. Who has to wait for a permit waits in a queue of
//! their own: a free one goes to the tenant that holds the fewest, there to support before customers, and among
//! them to the user who holds the fewest. So whoever asks a hundred times at once waits for themselves.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::identity::Principal;
use domain::ids::{TenantId, UserId};
use tokio::sync::oneshot;
use tokio::time::timeout;

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

#[derive(Debug, Default)]
struct State {
    held: usize,
    waiting: usize,
    /// Goes up with each request and each grant: what orders them.
    count: u64,
    tenants: HashMap<TenantId, Tenant>,
}

#[derive(Debug, Default)]
struct Tenant {
    held: usize,
    customers: usize,
    waiting: usize,
    /// When it was given a permit last.
    served: u64,
    users: HashMap<Holder, User>,
}

#[derive(Debug, Default)]
struct User {
    held: usize,
    waiting: VecDeque<Waiter>,
}

/// A user on one side: one who is customer and support at once is two.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Holder {
    user: UserId,
    staff: bool,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    granted: oneshot::Sender<()>,
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

impl Holder {
    fn of(caller: &Principal) -> Self {
        Self { user: caller.user.clone(), staff: caller.is_staff() }
    }
}

impl State {
    /// Whether one more permit is within all bounds.
    fn fits(&self, bounds: &Bounds, tenant: TenantId, holder: &Holder) -> Result<(), Crowded> {
        if let Some(tenant) = self.tenants.get(&tenant) {
            if tenant.users.get(holder).is_some_and(|user| user.held >= bounds.per_user) {
                return Err(Crowded::User(bounds.per_user));
            }
            if !holder.staff && tenant.customers >= bounds.customers {
                return Err(Crowded::Customers(bounds.customers));
            }
            if tenant.held >= bounds.per_tenant {
                return Err(Crowded::Tenant(bounds.per_tenant));
            }
        }
        if self.held >= bounds.in_all { Err(Crowded::All) } else { Ok(()) }
    }

    /// Whether somebody waits who would be served before.
    fn others_first(&self, bounds: &Bounds, tenant: TenantId, holder: &Holder) -> bool {
        if self.waiting == 0 {
            return false;
        }
        let own = self.tenants.get(&tenant).and_then(|tenant| tenant.users.get(holder));
        own.is_some_and(|own| !own.waiting.is_empty()) || self.next(bounds).is_some()
    }

    fn take(&mut self, tenant: TenantId, holder: &Holder) {
        self.held += 1;
        self.count += 1;
        let served = self.count;
        let tenant = self.tenants.entry(tenant).or_default();
        tenant.held += 1;
        tenant.served = served;
        tenant.customers += usize::from(!holder.staff);
        if let Some(user) = tenant.users.get_mut(holder) {
            user.held += 1;
        } else {
            tenant.users.insert(holder.clone(), User { held: 1, ..User::default() });
        }
    }

    fn give_back(&mut self, id: TenantId, holder: &Holder) {
        self.held -= 1;
        let Some(tenant) = self.tenants.get_mut(&id) else { return };
        tenant.held -= 1;
        tenant.customers -= usize::from(!holder.staff);
        if let Some(user) = tenant.users.get_mut(holder) {
            user.held -= 1;
        }
        self.forget(id, holder);
    }

    fn wait(
        &mut self,
        bounds: &Bounds,
        tenant: TenantId,
        holder: &Holder,
        granted: oneshot::Sender<()>,
    ) -> Result<u64, Crowded> {
        let known = self.tenants.entry(tenant).or_default();
        let user = known.users.entry(holder.clone()).or_default();
        if user.waiting.len() >= bounds.waiting {
            let crowded = Crowded::User(bounds.per_user);
            self.forget(tenant, holder);
            return Err(crowded);
        }
        self.count += 1;
        user.waiting.push_back(Waiter { id: self.count, granted });
        known.waiting += 1;
        self.waiting += 1;
        Ok(self.count)
    }

    /// Takes one who waits out of the queue.
    fn leave(&mut self, id: TenantId, holder: &Holder, waiter: u64) {
        let Some(tenant) = self.tenants.get_mut(&id) else { return };
        let Some(user) = tenant.users.get_mut(holder) else { return };
        let before = user.waiting.len();
        user.waiting.retain(|one| one.id != waiter);
        let left = before - user.waiting.len();
        tenant.waiting -= left;
        self.waiting -= left;
        self.forget(id, holder);
    }

    fn forget(&mut self, id: TenantId, holder: &Holder) {
        let Some(tenant) = self.tenants.get_mut(&id) else { return };
        if tenant.users.get(holder).is_some_and(|user| user.held == 0 && user.waiting.is_empty()) {
            tenant.users.remove(holder);
        }
        if tenant.users.is_empty() {
            self.tenants.remove(&id);
        }
    }

    /// Who is to be served next of those who wait and for whom there is a permit.
    fn next(&self, bounds: &Bounds) -> Option<(TenantId, Holder)> {
        if self.held >= bounds.in_all {
            return None;
        }
        let mut tenants: Vec<_> = self
            .tenants
            .iter()
            .filter(|(_, tenant)| tenant.waiting > 0 && tenant.held < bounds.per_tenant)
            .collect();
        tenants.sort_unstable_by_key(|(_, tenant)| (tenant.held, tenant.served));
        tenants.into_iter().find_map(|(id, tenant)| {
            let waiting = tenant.users.iter().filter(|(holder, user)| {
                let customers = holder.staff || tenant.customers < bounds.customers;
                !user.waiting.is_empty() && user.held < bounds.per_user && customers
            });
            let first = waiting.min_by_key(|(holder, user)| {
                (!holder.staff, user.held, user.waiting.front().map(|waiter| waiter.id))
            });
            first.map(|(holder, _)| (*id, holder.clone()))
        })
    }

    /// Gives permits to those who wait, as far as there are any.
    fn grant(&mut self, bounds: &Bounds) {
        while self.waiting > 0
            && let Some((id, holder)) = self.next(bounds)
        {
            let Some(tenant) = self.tenants.get_mut(&id) else { return };
            let Some(waiter) = tenant.users.get_mut(&holder).and_then(|user| user.waiting.pop_front()) else {
                return;
            };
            tenant.waiting -= 1;
            self.waiting -= 1;
            self.take(id, &holder);
            if waiter.granted.send(()).is_err() {
                self.give_back(id, &holder);
            }
        }
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
