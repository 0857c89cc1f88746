//! Aggregates kept in memory, as a baseline for the next command.
//!
//! Optimistic: what is here may be behind the log, and the append finds out. Only committed state
//! comes in.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::ids::{TenantId, Version};
use quick_cache::Weighter;

/// A state of an aggregate, with the version that it is of.
#[derive(Clone)]
pub(crate) struct Cached {
    state: Arc<dyn Any + Send + Sync>,
    pub(crate) version: Version,
    /// What its events' payloads weigh.
    pub(crate) bytes: u64,
    /// Known to be behind the log.
    stale: Arc<AtomicBool>,
}

impl Cached {
    pub(crate) fn new<A: Send + Sync + 'static>(state: Arc<A>, version: Version, bytes: u64) -> Self {
        Self { state, version, bytes, stale: Arc::default() }
    }

    pub(crate) fn state<A: Send + Sync + 'static>(&self) -> Option<Arc<A>> {
        Arc::clone(&self.state).downcast().ok()
    }

    pub(crate) fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }
}

type Key = (TenantId, &'static str, String);

#[derive(Clone)]
struct Weight;

/// What an entry takes beside its events' data: the structs, the key, the cache's own.
const OVERHEAD: u64 = 1024;

impl Weighter<Key, Cached> for Weight {
    fn weight(&self, _: &Key, cached: &Cached) -> u64 {
        // A state is hardly larger than the JSON of the events that made it.
        OVERHEAD + cached.bytes
    }
}

pub(crate) struct Cache(quick_cache::sync::Cache<Key, Cached, Weight>);

impl Cache {
    pub(crate) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / (2 * OVERHEAD)).unwrap_or(usize::MAX).max(16);
        Self(quick_cache::sync::Cache::with_weighter(items, bytes, Weight))
    }

    pub(crate) fn get(&self, tenant: TenantId, kind: &'static str, id: &str) -> Option<Cached> {
        self.0.get(&(tenant, kind, id.to_owned()))
    }

    /// Keeps the state, unless a newer one is there.
    pub(crate) fn put(&self, tenant: TenantId, kind: &'static str, id: &str, cached: Cached) {
        let key = (tenant, kind, id.to_owned());
        let newer = self.0.peek(&key).is_some_and(|there| there.version > cached.version);
        if !newer {
            self.0.insert(key, cached);
        }
    }

    /// Marks the state as behind the log: the next load reads what came after it.
    pub(crate) fn mark_stale(&self, tenant: TenantId, kind: &'static str, id: &str) {
        if let Some(cached) = self.0.peek(&(tenant, kind, id.to_owned())) {
            cached.stale.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_bounded_by_weight() {
        let cache = Cache::new(64 << 10);
        let tenant = TenantId::of_key("t");
        for i in 0..1000 {
            cache.put(tenant, "x", &i.to_string(), Cached::new(Arc::new(i), Version(1), 1000));
        }
        assert!(cache.0.weight() <= 64 << 10);
        assert!(cache.0.len() > 5);
    }

    #[test]
    fn keeps_the_newer_state() {
        let cache = Cache::new(1 << 20);
        let tenant = TenantId::of_key("t");
        cache.put(tenant, "x", "1", Cached::new(Arc::new("new"), Version(2), 0));
        cache.put(tenant, "x", "1", Cached::new(Arc::new("old"), Version(1), 0));
        let cached = cache.get(tenant, "x", "1").unwrap();
        assert_eq!(cached.version, Version(2));
        assert_eq!(cached.state::<&str>().as_deref(), Some(&"new"));
        assert!(!cached.is_stale());
        cache.mark_stale(tenant, "x", "1");
        assert!(cached.is_stale());
    }
}
