//! What the tenants of a batch reckon by.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use domain::stats::{Change, Office};
use quick_cache::sync::Cache;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::entry::Fact;

/// Offices that were read, by their texts: what calendars reckon once for each year is worth keeping.
static READ: LazyLock<Cache<(String, String), Office>> = LazyLock::new(|| Cache::new(1_000));

/// The offices of the tenants of a batch.
pub(super) struct Offices {
    tenants: HashMap<Uuid, Office>,
    starting: Office,
    /// The last event of each.
    reached: BTreeMap<Uuid, i64>,
}

impl Offices {
    /// What these tenants have now.
    pub(super) async fn load(db: &mut PgConnection, tenants: Vec<Uuid>) -> Result<Self, sqlx::Error> {
        let rows = sqlx::query!(
            "SELECT tenant_id, reporting, configuration FROM offices WHERE tenant_id = ANY($1)",
            &tenants,
        )
        .fetch_all(db)
        .await?;
        let mut offices =
            Self { tenants: HashMap::new(), starting: Office::default(), reached: BTreeMap::new() };
        for row in rows {
            offices.tenants.insert(row.tenant_id, read(row.reporting, row.configuration)?);
        }
        Ok(offices)
    }

    /// What a tenant reckons by.
    pub(super) fn of(&self, tenant: Uuid) -> &Office {
        self.tenants.get(&tenant).unwrap_or(&self.starting)
    }

    /// Takes in what happened to a tenant, its policies or its calendars.
    pub(super) fn take(&mut self, fact: &Fact<'_>) -> Option<Change> {
        let office = self.tenants.entry(fact.tenant()).or_insert_with(|| self.starting.clone());
        office.take(&fact.content.event)
    }

    /// Notes that a tenant's figures are at this event.
    pub(super) fn reached(&mut self, fact: &Fact<'_>) {
        self.reached.insert(fact.tenant(), fact.position());
    }

    /// Keeps them.
    pub(super) async fn write(self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let (mut reporting, mut configuration, mut zones) = (Vec::new(), Vec::new(), Vec::new());
        for tenant in self.reached.keys() {
            let office = self.of(*tenant);
            reporting.push(serde_json::to_string(office.reporting()).map_err(unwritable)?);
            configuration.push(serde_json::to_string(office.configuration()).map_err(unwritable)?);
            zones.push(office.zone().name().to_owned());
        }
        let (tenants, positions): (Vec<Uuid>, Vec<i64>) = self.reached.into_iter().unzip();
        sqlx::query!(
            "INSERT INTO offices (tenant_id, reporting, configuration, time_zone, changed_at) \
             SELECT v.* FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int8[]) AS v \
             ON CONFLICT (tenant_id) DO UPDATE \
             SET reporting = EXCLUDED.reporting, configuration = EXCLUDED.configuration, \
                 time_zone = EXCLUDED.time_zone, changed_at = EXCLUDED.changed_at",
            &tenants,
            &reporting,
            &configuration,
            &zones,
            &positions,
        )
        .execute(db)
        .await?;
        Ok(())
    }
}

fn read(reporting: String, configuration: String) -> Result<Office, sqlx::Error> {
    let key = (reporting, configuration);
    READ.get_or_insert_with(&key, || {
        let unreadable = |error: serde_json::Error| sqlx::Error::Decode(error.into());
        let reporting = serde_json::from_str(&key.0).map_err(unreadable)?;
        let configuration = serde_json::from_str(&key.1).map_err(unreadable)?;
        Ok(Office::kept(reporting, configuration))
    })
}

fn unwritable(error: serde_json::Error) -> sqlx::Error {
    sqlx::Error::Encode(error.into())
}
