//! Idempotency keys whose commands are running in this process.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use domain::ids::{TenantId, UserId};

type Key = (TenantId, UserId, Arc<str>);

/// The keys at work. Between processes the append itself is the guard.
#[derive(Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashSet<Key>>>);

/// A key at work, until dropped.
pub(super) struct AtWork {
    keys: InFlight,
    key: Key,
}

impl InFlight {
    /// Marks a key as at work; `None` if it is already.
    pub(super) fn begin(&self, tenant: TenantId, user: &UserId, key: &Arc<str>) -> Option<AtWork> {
        let key = (tenant, user.clone(), key.clone());
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        new.then(|| AtWork { keys: self.clone(), key })
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.keys.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_at_work_once() {
        let keys = InFlight::default();
        let (tenant, user, key) = (TenantId::of_key("t"), UserId::new("u").unwrap(), Arc::from("k"));
        let first = keys.begin(tenant, &user, &key);
        assert!(first.is_some());
        assert!(keys.begin(tenant, &user, &key).is_none());
        assert!(keys.begin(TenantId::of_key("other"), &user, &key).is_some());
        drop(first);
        assert!(keys.begin(tenant, &user, &key).is_some());
    }
}
