//! The tree of tenants: what is below each.

use async_trait::async_trait;
use domain::event::Event;
use domain::tenant::TenantEvent;
use sqlx::PgConnection;

use super::{Projection, Sql, sql};
use crate::entry::Fact;
use crate::lane::Lane;

/// Who is below whom.
pub(super) struct Tenants;

#[async_trait]
impl Projection for Tenants {
    fn name(&self) -> &'static str {
        "tenants"
    }

    fn version(&self) -> i32 {
        1
    }

    fn sql(&self) -> Sql {
        sql!("tenants_v1")
    }

    fn tables(&self) -> &'static [&'static str] {
        &["tree"]
    }

    fn views(&self) -> &'static [&'static str] {
        &["tenant_tree"]
    }

    fn lane(&self) -> Lane {
        Lane::Analytics
    }

    fn concerns(&self, fact: &Fact<'_>) -> bool {
        matches!(fact.content.event, Event::Tenant(TenantEvent::TenantCreated(_)))
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<(), sqlx::Error> {
        // Tenants are few, and each may be below the one before.
        for fact in facts {
            let Event::Tenant(TenantEvent::TenantCreated(event)) = &fact.content.event else { continue };
            sqlx::query!(
                "INSERT INTO tree (tenant_id, descendant, key, depth) \
                 SELECT $1::uuid, $1::uuid, $2::text, 0 \
                 UNION ALL \
                 SELECT above.tenant_id, $1, $2, above.depth + 1 FROM tree AS above WHERE above.descendant = $3",
                fact.tenant(),
                event.key,
                event.parent.map(|parent| parent.0),
            )
            .execute(&mut *db)
            .await?;
        }
        Ok(())
    }
}
