//! Tenants, as operators of this machine make and name them.

use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;

use command_service::{CommandRequest, Executor};
use domain::event::TENANT;
use domain::identity::Principal;
use domain::ids::{Position, TenantId, UserId};
use domain::tenant::CreateTenant;
use service_kit::http::RequestInfo;
use sqlx::PgPool;

use crate::data_dir::DataDir;
use crate::failure::{Failure, While};

/// The key of the tenant that `docket up` makes.
pub(crate) const FIRST: &str = "default";
/// Who acts when an operator does on this machine.
const OPERATOR: &str = "docket";

/// Docket itself, in a tenant.
pub(crate) fn operator(tenant: TenantId) -> Result<Principal, Failure> {
    let user = UserId::new(OPERATOR).while_doing("the operator's name is no user id")?;
    Ok(Principal::system(user, tenant))
}

/// Creates a tenant; where it is there already and the same, does nothing. Gives the position from
/// which it is there.
pub(crate) async fn create(executor: &Executor, command: &CreateTenant) -> Result<Position, Failure> {
    let principal = operator(TenantId::of_key(&command.key))?;
    let request = CommandRequest::new(Arc::new(principal), RequestInfo::internal());
    let answer = executor.create_tenant(&request, command).await;
    Ok(answer.while_doing("the tenant cannot be created")?.position)
}

/// The tenant with this key (or id), if the database has it.
pub(crate) async fn find(pool: &PgPool, key: &str) -> Result<TenantId, Failure> {
    let tenant = id_of(key);
    let there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM events WHERE aggregate_type = $1 AND aggregate_id = $2) AS "there!""#,
        TENANT,
        tenant.to_string(),
    )
    .fetch_one(pool)
    .await
    .while_doing("the database cannot be asked for the tenant")?;
    if there { Ok(tenant) } else { Err(unknown(key)) }
}

/// The id that a key (or an id) stands for.
pub(crate) fn id_of(key: &str) -> TenantId {
    key.parse().unwrap_or_else(|_| TenantId::of_key(key))
}

/// There is no such tenant.
pub(crate) fn unknown(key: &str) -> Failure {
    Failure::said(format!("there is no tenant {key:?}: create it with `docket tenant create {key}`"))
}

/// Keeps the key in the data directory, so that tokens can be made while nothing runs.
pub(crate) fn remember(dir: &DataDir, key: &str) -> Result<(), Failure> {
    let path = dir.tenants_dir();
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
    made.while_doing("cannot keep the tenant's key in the data directory")?;
    let id = TenantId::of_key(key).to_string();
    Ok(crate::data_dir::write_private(&path.join(&id), key.as_bytes())?)
}

/// Whether the data directory knows the tenant.
pub(crate) fn is_remembered(dir: &DataDir, tenant: TenantId) -> bool {
    dir.tenants_dir().join(tenant.to_string()).is_file()
}
