//! The rules that tenants have, and had: clocks stand under one version of them.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use domain::event::Event;
use domain::ids::Version;
use domain::sla::policy::Rules;
use domain::sla::{Configuration, Governing};
use quick_cache::sync::Cache;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::entry::Fact;

/// Rules that were read, by version and text. Reading them, and what calendars reckon once for each
/// year, is worth keeping.
static READ: LazyLock<Cache<(i64, String), Arc<Rules>>> = LazyLock::new(|| Cache::new(1_000));

/// The rules of the tenants of a batch.
#[derive(Default)]
pub(super) struct Books {
    tenants: HashMap<Uuid, Governing>,
    versions: HashMap<(Uuid, Version), Arc<Rules>>,
}

/// A configuration as it is kept.
struct Row {
    tenant_id: Uuid,
    version: i64,
    configuration: String,
    rules_version: i64,
}

impl Books {
    /// What these tenants have now.
    pub(super) async fn load(db: &mut PgConnection, mut tenants: Vec<Uuid>) -> Result<Self, sqlx::Error> {
        tenants.sort_unstable();
        tenants.dedup();
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT DISTINCT ON (tenant_id) tenant_id, version, configuration::text AS "configuration!",
                      rules_version
               FROM configurations WHERE tenant_id = ANY($1) ORDER BY tenant_id, version DESC"#,
            &tenants,
        )
        .fetch_all(&mut *db)
        .await?;
        let mut books = Self::default();
        let older: Vec<_> = rows.iter().map(|row| (row.tenant_id, Version(row.rules_version))).collect();
        books.fetch(db, older).await?;
        for row in rows {
            let rules = books.version(row.tenant_id, Version(row.rules_version));
            // With others in their place every clock would be kept wrongly.
            let rules = rules.ok_or_else(|| {
                let (tenant, version) = (row.tenant_id, row.rules_version);
                sqlx::Error::Decode(
                    format!("version {version} of the rules of tenant {tenant} is not kept").into(),
                )
            })?;
            let configuration = serde_json::from_str(&row.configuration).map_err(unreadable)?;
            let governing = Governing::kept(configuration, Version(row.version), rules);
            books.tenants.insert(row.tenant_id, governing);
        }
        Ok(books)
    }

    /// The rules that a tenant has.
    pub(super) fn rules(&self, tenant: Uuid) -> &Arc<Rules> {
        self.tenants.get(&tenant).map_or_else(|| Rules::starting(), Governing::rules)
    }

    /// The rules that a tenant had.
    pub(super) fn version(&self, tenant: Uuid, version: Version) -> Option<Arc<Rules>> {
        match version {
            Version(0) => Some(Rules::starting().clone()),
            _ => self.versions.get(&(tenant, version)).cloned(),
        }
    }

    /// Takes in a change; says whether other rules hold from here on.
    pub(super) async fn take(&mut self, db: &mut PgConnection, fact: &Fact<'_>) -> Result<bool, sqlx::Error> {
        let Event::Sla(event) = &fact.content.event else { return Ok(false) };
        let tenant = fact.tenant();
        let governing = self.tenants.entry(tenant).or_default();
        let other = governing.apply(event.clone(), Version(fact.version()));
        let (rules, configuration) = (governing.rules().clone(), governing.configuration());
        sqlx::query!(
            "INSERT INTO configurations (tenant_id, version, configuration, rules_version) \
             VALUES ($1, $2, $3::text::json, $4)",
            tenant,
            fact.version(),
            serde_json::to_string(configuration).map_err(unreadable)?,
            rules.version().0,
        )
        .execute(db)
        .await?;
        self.versions.insert((tenant, rules.version()), rules);
        Ok(other)
    }

    /// Reads what isn't known yet of these versions.
    pub(super) async fn fetch(
        &mut self,
        db: &mut PgConnection,
        mut wanted: Vec<(Uuid, Version)>,
    ) -> Result<(), sqlx::Error> {
        wanted.retain(|key| key.1 != Version(0) && !self.versions.contains_key(key));
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return Ok(());
        }
        let (tenants, versions): (Vec<Uuid>, Vec<i64>) =
            wanted.into_iter().map(|(tenant, version)| (tenant, version.0)).unzip();
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT c.tenant_id, c.version, c.configuration::text AS "configuration!", c.rules_version
               FROM unnest($1::uuid[], $2::int8[]) AS wanted (tenant_id, version)
               JOIN configurations AS c USING (tenant_id, version)"#,
            &tenants,
            &versions,
        )
        .fetch_all(db)
        .await?;
        for row in rows {
            let rules = read(row.version, row.configuration)?;
            self.versions.insert((row.tenant_id, Version(row.version)), rules);
        }
        Ok(())
    }
}

fn read(version: i64, text: String) -> Result<Arc<Rules>, sqlx::Error> {
    READ.get_or_insert_with(&(version, text.clone()), || {
        let configuration: Configuration = serde_json::from_str(&text).map_err(unreadable)?;
        // It held together when it was kept.
        let rules = Rules::of_version(&configuration, Version(version)).map_err(|errors| {
            sqlx::Error::Decode(
                format!("version {version} of a tenant's rules doesn't hold together: {errors:?}").into(),
            )
        })?;
        Ok(Arc::new(rules))
    })
}

fn unreadable(error: serde_json::Error) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}
