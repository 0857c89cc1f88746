//! Tenants' settings, kept in memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::event::TENANT;
use domain::ids::TenantId;
use domain::tenant::{NumberFormat, Tenant, TenantSettings};
use event_store::EventLog;

use super::CommandError;

/// After so long the log is asked whether there are new ones.
const FRESH: Duration = Duration::from_secs(5);
const TENANTS: usize = 10_000;

/// What decisions need of a tenant.
pub(super) struct Known {
    pub(super) settings: Arc<TenantSettings>,
    pub(super) numbers: NumberFormat,
    since: Instant,
}

pub(super) struct Tenants {
    log: EventLog,
    known: quick_cache::sync::Cache<TenantId, Arc<Known>>,
}

impl Tenants {
    pub(super) fn new(log: EventLog) -> Self {
        Self { log, known: quick_cache::sync::Cache::new(TENANTS) }
    }

    pub(super) async fn get(&self, tenant: TenantId) -> Result<Arc<Known>, CommandError> {
        if let Some(known) = self.known.get(&tenant)
            && known.since.elapsed() < FRESH
        {
            return Ok(known);
        }
        let id = tenant.to_string();
        self.log.forget(tenant, TENANT, &id);
        let loaded = self.log.load::<Tenant>(tenant, &id).await?;
        let settings = loaded.aggregate.settings.clone().ok_or(CommandError::UnknownTenant)?;
        let numbers =
            NumberFormat::of(&settings).map_err(|error| CommandError::Settings(error.to_string()))?;
        let known = Arc::new(Known { settings, numbers, since: Instant::now() });
        self.known.insert(tenant, known.clone());
        Ok(known)
    }
}
