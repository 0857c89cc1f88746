//! Loading an aggregate: from the cache, else from its stream.

use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, SerializedEvent};
use domain::event::decode;
use domain::ids::{TenantId, Version};
use postgres_es::PostgresEventRepository;

use crate::cache::Cached;
use crate::envelope::{StoredEvent, misplaced};
use crate::error::LogError;
use crate::log::EventLog;
use crate::reader::LogReader;

/// An aggregate's state.
#[derive(Clone, Debug)]
pub struct Loaded<A> {
    /// The state; the default one if there are no events.
    pub aggregate: Arc<A>,
    /// The version that it is of; 0 if there are no events.
    pub version: Version,
    /// Whether it was read from the log just now. If not, the log may be ahead: before telling a
    /// caller that something can't be done, [`EventLog::forget`] it, load again and decide again.
    pub fresh: bool,
    /// What its events weigh, for the cache.
    bytes: u64,
}

impl<A: Aggregate + Clone + 'static> Loaded<A>
where
    A::Event: StoredEvent,
{
    /// The state before the first event, for a stream whose id was made just now: there is
    /// nothing to load. The append checks it.
    pub fn begin() -> Self {
        Self { aggregate: Arc::default(), version: Version(0), fresh: true, bytes: 0 }
    }

    /// The state after these events, which were appended to it.
    pub fn after(&self, events: &[A::Event], bytes: u64) -> Self {
        let mut aggregate = A::clone(&self.aggregate);
        for event in events {
            aggregate.apply(event.clone());
        }
        Self {
            aggregate: Arc::new(aggregate),
            version: Version(self.version.0 + events.len() as i64),
            fresh: true,
            bytes: self.bytes + bytes,
        }
    }
}

impl EventLog {
    /// Loads an aggregate of a tenant. Another tenant's is not there.
    pub async fn load<A>(&self, tenant: TenantId, id: &str) -> Result<Loaded<A>, LogError>
    where
        A: Aggregate + Clone + 'static,
        A::Event: StoredEvent,
    {
        if let Some(cached) = self.cache().get(tenant, A::TYPE, id)
            && let Some(aggregate) = cached.state::<A>()
        {
            let (version, bytes) = (cached.version, cached.bytes);
            let loaded = Loaded { aggregate, version, fresh: false, bytes };
            if !cached.is_stale() {
                return Ok(loaded);
            }
            return self.load_delta(tenant, id, loaded).await;
        }
        self.load_whole(tenant, id).await
    }

    /// Marks what the cache has of an aggregate as behind the log. The next load reads the events
    /// that came after it.
    pub fn forget(&self, tenant: TenantId, aggregate_type: &'static str, id: &str) {
        self.cache().mark_stale(tenant, aggregate_type, id);
    }

    /// Keeps a state for the next command. Committed states only: what was loaded, or
    /// [`Loaded::after`] what was appended.
    pub fn remember<A: Aggregate + 'static>(&self, tenant: TenantId, id: &str, loaded: &Loaded<A>) {
        if loaded.version.0 > 0 {
            let cached = Cached::new(Arc::clone(&loaded.aggregate), loaded.version, loaded.bytes);
            self.cache().put(tenant, A::TYPE, id, cached);
        }
    }

    async fn load_whole<A>(&self, tenant: TenantId, id: &str) -> Result<Loaded<A>, LogError>
    where
        A: Aggregate + Clone + 'static,
        A::Event: StoredEvent,
    {
        let repository = PostgresEventRepository::new(self.pool().clone());
        let (events, owner) = tokio::join!(repository.get_events::<A>(id), self.stream_owner(A::TYPE, id));
        let events = events.map_err(unavailable)?;
        if owner?.is_some_and(|owner| owner != tenant) {
            return Ok(Loaded { aggregate: Arc::default(), version: Version(0), fresh: true, bytes: 0 });
        }
        let mut aggregate = A::default();
        let mut bytes = 0;
        let mut version = Version(0);
        for event in events {
            version = Version(event.sequence as i64);
            let (event, size) = self.read::<A>(event)?;
            bytes += size;
            aggregate.apply(event);
        }
        let loaded = Loaded { aggregate: Arc::new(aggregate), version, fresh: true, bytes };
        self.remember(tenant, id, &loaded);
        Ok(loaded)
    }

    /// What came after the cached state. By our own query: the repository's `get_last_events`
    /// writes the number into the statement's text, which makes a new prepared statement each time.
    async fn load_delta<A>(
        &self,
        tenant: TenantId,
        id: &str,
        mut loaded: Loaded<A>,
    ) -> Result<Loaded<A>, LogError>
    where
        A: Aggregate + Clone + 'static,
        A::Event: StoredEvent,
    {
        let reader = LogReader::new(self.pool().clone());
        let events = reader.read_stream_after(A::TYPE, id, loaded.version).await.map_err(LogError::of)?;
        let mut aggregate = A::clone(&loaded.aggregate);
        for event in &events {
            let decoded = event.decode_event(self.upcasters())?;
            aggregate.apply(A::Event::of(decoded).ok_or_else(|| misplaced(&event.event_type))?);
            loaded.bytes += event.payload.len() as u64;
            loaded.version = event.sequence;
        }
        loaded.aggregate = Arc::new(aggregate);
        loaded.fresh = true;
        self.remember(tenant, id, &loaded);
        Ok(loaded)
    }

    async fn stream_owner(&self, aggregate_type: &str, id: &str) -> Result<Option<TenantId>, LogError> {
        sqlx::query_scalar!(
            "SELECT tenant_id FROM events
              WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence = 1",
            aggregate_type,
            id,
        )
        .fetch_optional(self.pool())
        .await
        .map(|owner| owner.map(TenantId))
        .map_err(LogError::of)
    }

    fn read<A>(&self, event: SerializedEvent) -> Result<(A::Event, u64), LogError>
    where
        A: Aggregate,
        A::Event: StoredEvent,
    {
        let payload = event.payload.to_string();
        let decoded = decode(A::TYPE, &event.event_type, &event.event_version, &payload, self.upcasters())?;
        let read = A::Event::of(decoded).ok_or_else(|| misplaced(&event.event_type))?;
        Ok((read, payload.len() as u64))
    }
}

fn unavailable(error: PersistenceError) -> LogError {
    tracing::warn!(%error, "a stream couldn't be read");
    LogError::Unavailable(None)
}
