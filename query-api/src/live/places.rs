//! How many streams are open, by tenant and user: one tenant can't take all, nor one user the tenant's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::identity::Principal;
use domain::ids::{TenantId, UserId};

use super::StreamLimits;

/// Which bound a stream more would have gone over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowded {
    /// The user has as many as one may have.
    User(usize),
    /// The tenant has.
    Tenant(usize),
    /// All together have.
    Process,
}

/// The streams that are open in this process.
#[derive(Debug)]
pub(crate) struct Places {
    limits: StreamLimits,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    tenants: HashMap<TenantId, Tenant>,
}

#[derive(Debug, Default)]
struct Tenant {
    all: usize,
    users: HashMap<UserId, usize>,
}

impl Places {
    /// None is open.
    pub(crate) fn new(limits: StreamLimits) -> Arc<Self> {
        Arc::new(Self { limits, taken: Mutex::default() })
    }

    /// The bounds.
    pub(crate) fn limits(&self) -> StreamLimits {
        self.limits
    }

    /// Takes a place for one more stream of a kind, if there is one left for the caller.
    pub(crate) fn take(self: &Arc<Self>, caller: &Principal, kind: &'static str) -> Result<Place, Crowded> {
        self.count(caller)?;
        metrics::gauge!("docket_streams_open", "kind" => kind).increment(1.0);
        Ok(Place { places: self.clone(), tenant: caller.tenant, user: caller.user.clone(), kind })
    }

    fn count(&self, caller: &Principal) -> Result<(), Crowded> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.limits.in_all {
            return Err(Crowded::Process);
        }
        let tenant = taken.tenants.entry(caller.tenant).or_default();
        if tenant.all >= self.limits.per_tenant {
            return Err(Crowded::Tenant(self.limits.per_tenant));
        }
        let user = tenant.users.entry(caller.user.clone()).or_default();
        if *user >= self.limits.per_user {
            return Err(Crowded::User(self.limits.per_user));
        }
        *user += 1;
        tenant.all += 1;
        taken.all += 1;
        Ok(())
    }
}

/// One open stream; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    tenant: TenantId,
    user: UserId,
    kind: &'static str,
}

impl Place {
    /// Notes that the stream's caller was cut off, for taking nothing.
    pub(crate) fn cut_off(&self) {
        metrics::counter!("docket_streams_cut_off_total", "kind" => self.kind).increment(1);
        tracing::info!(kind = self.kind, tenant = %self.tenant, "cut off one who took nothing");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::gauge!("docket_streams_open", "kind" => self.kind).decrement(1.0);
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        let Some(tenant) = taken.tenants.get_mut(&self.tenant) else { return };
        tenant.all -= 1;
        if let Some(user) = tenant.users.get_mut(&self.user) {
            *user -= 1;
            if *user == 0 {
                tenant.users.remove(&self.user);
            }
        }
        if tenant.all == 0 {
            taken.tenants.remove(&self.tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(user: &str, tenant: &str) -> Principal {
        Principal::new(UserId::new(user).unwrap(), TenantId::of_key(tenant), Vec::new())
    }

    #[test]
    fn each_bound_holds_and_what_ends_makes_room() {
        let limits = StreamLimits { per_user: 1, per_tenant: 2, in_all: 3, ..StreamLimits::default() };
        let places = Places::new(limits);
        let take = |user, tenant| places.take(&caller(user, tenant), "test");
        let first = take("a", "one").unwrap();
        assert_eq!(take("a", "one").unwrap_err(), Crowded::User(1));
        let second = take("b", "one").unwrap();
        assert_eq!(take("c", "one").unwrap_err(), Crowded::Tenant(2));
        let third = take("a", "two").unwrap();
        assert_eq!(take("a", "three").unwrap_err(), Crowded::Process);
        drop(first);
        let again = take("c", "one").unwrap();
        drop((again, second, third));
        let taken = places.taken.lock().unwrap();
        assert!(taken.all == 0 && taken.tenants.is_empty(), "{taken:?}");
    }
}
