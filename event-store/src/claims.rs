//! Who has a claimed value.

use domain::ids::TenantId;

use crate::error::LogError;
use crate::log::EventLog;

impl EventLog {
    /// The id of the aggregate that has this value. Strongly consistent: it is read where the
    /// append wrote it, so a ticket can be addressed by its number as soon as it is open.
    pub async fn find_claim(
        &self,
        tenant: TenantId,
        kind: &str,
        value: &str,
    ) -> Result<Option<String>, LogError> {
        sqlx::query_scalar!(
            "SELECT aggregate_id FROM claims WHERE tenant_id = $1 AND kind = $2 AND value = $3",
            tenant.0,
            kind,
            value,
        )
        .fetch_optional(self.pool())
        .await
        .map_err(LogError::of)
    }
}
