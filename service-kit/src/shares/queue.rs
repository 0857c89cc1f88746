//! Who holds a permit, who waits for one, and who is to have the next.

use std::collections::{HashMap, VecDeque};

use domain::identity::Principal;
use domain::ids::{TenantId, UserId};
use tokio::sync::oneshot;

use super::{Bounds, Crowded};

/// Who holds permits, and who waits for one.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) held: usize,
    pub(super) waiting: usize,
    /// Goes up with each request and each grant: what orders them.
    pub(super) count: u64,
    pub(super) tenants: HashMap<TenantId, Tenant>,
}

#[derive(Debug, Default)]
pub(super) struct Tenant {
    pub(super) held: usize,
    pub(super) customers: usize,
    pub(super) waiting: usize,
    /// When it was given a permit last.
    pub(super) served: u64,
    pub(super) users: HashMap<Holder, User>,
}

#[derive(Debug, Default)]
pub(super) struct User {
    pub(super) held: usize,
    pub(super) waiting: VecDeque<Waiter>,
}

/// A user on one side: one who is customer and support at once is two.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Holder {
    pub(super) user: UserId,
    pub(super) staff: bool,
}

#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) id: u64,
    pub(super) granted: oneshot::Sender<()>,
}

impl Holder {
    pub(super) fn of(caller: &Principal) -> Self {
        Self { user: caller.user.clone(), staff: caller.is_staff() }
    }
}

impl State {
    /// Whether one more permit is within all bounds.
    pub(super) fn fits(&self, bounds: &Bounds, tenant: TenantId, holder: &Holder) -> Result<(), Crowded> {
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
    pub(super) fn others_first(&self, bounds: &Bounds, tenant: TenantId, holder: &Holder) -> bool {
        if self.waiting == 0 {
            return false;
        }
        let own = self.tenants.get(&tenant).and_then(|tenant| tenant.users.get(holder));
        own.is_some_and(|own| !own.waiting.is_empty()) || self.next(bounds).is_some()
    }

    pub(super) fn take(&mut self, tenant: TenantId, holder: &Holder) {
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

    pub(super) fn give_back(&mut self, id: TenantId, holder: &Holder) {
        self.held -= 1;
        let Some(tenant) = self.tenants.get_mut(&id) else { return };
        tenant.held -= 1;
        tenant.customers -= usize::from(!holder.staff);
        if let Some(user) = tenant.users.get_mut(holder) {
            user.held -= 1;
        }
        self.forget(id, holder);
    }

    pub(super) fn wait(
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
    pub(super) fn leave(&mut self, id: TenantId, holder: &Holder, waiter: u64) {
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
    pub(super) fn next(&self, bounds: &Bounds) -> Option<(TenantId, Holder)> {
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
    pub(super) fn grant(&mut self, bounds: &Bounds) {
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
