//! Whose figures: a tenant's, or those of a tree of tenants.

use chrono_tz::Tz;
use domain::identity::{Denied, Permission, Principal};
use domain::ids::TenantId;

use super::query::Scope;
use crate::error::QueryError;
use crate::snapshot::Snapshot;

/// A tenant whose figures are read.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) tenant: TenantId,
    /// Its key, where it is known.
    pub(crate) key: Option<String>,
    /// In which its days begin.
    pub(crate) zone: Tz,
    /// The last event that was one of its figures'.
    pub(crate) changed_at: i64,
}

/// The tenants whose figures are asked for, the caller's own first. Row-level security shows each tenant what
/// is below it, and of those one at a time.
pub(in crate::http::stats) async fn members(
    snapshot: &mut Snapshot,
    caller: &Principal,
    scope: Scope,
) -> Result<Vec<Member>, QueryError> {
    let mut tenants = vec![(caller.tenant, None)];
    if scope == Scope::Tree {
        if !caller.sees_descendants() {
            return Err(Denied::Missing(Permission::MembersManage).into());
        }
        let below = sqlx::query!(
            r#"SELECT descendant AS "descendant!", key AS "key!" FROM read.tenant_tree
               WHERE tenant_id = $1 ORDER BY depth, key"#,
            caller.tenant.0,
        )
        .fetch_all(&mut *snapshot.tx)
        .await?;
        for row in below {
            if row.descendant == caller.tenant.0 {
                tenants[0].1 = Some(row.key);
            } else {
                tenants.push((TenantId(row.descendant), Some(row.key)));
            }
        }
    }
    let mut members = Vec::with_capacity(tenants.len());
    for (tenant, key) in tenants {
        if scope == Scope::Tree {
            look_at(snapshot, tenant).await?;
        }
        let office = sqlx::query!(
            r#"SELECT time_zone AS "time_zone!", changed_at AS "changed_at!" FROM read.stats_offices
               WHERE tenant_id = $1"#,
            tenant.0,
        )
        .fetch_optional(&mut *snapshot.tx)
        .await?;
        let zone = office.as_ref().and_then(|office| office.time_zone.parse().ok()).unwrap_or(Tz::UTC);
        members.push(Member { tenant, key, zone, changed_at: office.map_or(0, |office| office.changed_at) });
    }
    Ok(members)
}

/// What is read from here on is that tenant's.
pub(in crate::http::stats) async fn look_at(
    snapshot: &mut Snapshot,
    tenant: TenantId,
) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT set_config('docket.tenant', $1, true)", tenant.to_string())
        .fetch_one(&mut *snapshot.tx)
        .await?;
    Ok(())
}
