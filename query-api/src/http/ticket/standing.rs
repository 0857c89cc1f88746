//! How tickets stand with what was promised for them, as the read model has it. For staff alone.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::identity::Principal;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::snapshot::{ReadModel, Snapshot};
use crate::time::Time;

/// What stands for the due time where nothing is due, in microseconds since 1970: 9999-12-31. It sorts
/// after everything that is.
pub(crate) const NEVER: i64 = 253_402_214_400_000_000;

/// A row of `read.sla`.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    ticket_id: Uuid,
    state: Option<String>,
    policy: Option<String>,
    pub(crate) due_at: DateTime<Utc>,
    response_state: Option<String>,
    response_due_at: Option<Time>,
    resolution_state: Option<String>,
    resolution_due_at: Option<Time>,
}

/// How a ticket stands with what was promised for it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TicketSla)]
pub(crate) struct StandingView {
    /// The most pressing of what runs: on_track, response_warning, response_breached,
    /// resolution_warning, resolution_breached, paused. Where nothing is left to do: met, missed. Null
    /// if nothing is promised, or nothing of it counts.
    #[schema(example = "on_track")]
    pub(super) state: Option<String>,
    /// The policy that holds.
    #[schema(example = "high")]
    pub(super) policy: Option<String>,
    /// When the next of what runs is due, or was.
    pub(super) due_at: Option<Time>,
    /// How the first response stands, or the next reply while that is owed.
    #[schema(example = "met")]
    pub(super) response_state: Option<String>,
    /// When that is, or was, due.
    pub(super) response_due_at: Option<Time>,
    /// How the resolution stands.
    #[schema(example = "on_track")]
    pub(super) resolution_state: Option<String>,
    /// When that is, or was, due.
    pub(super) resolution_due_at: Option<Time>,
}

impl From<Standing> for StandingView {
    fn from(row: Standing) -> Self {
        Self {
            state: row.state,
            policy: row.policy,
            due_at: (row.due_at.timestamp_micros() < NEVER).then_some(Time(row.due_at)),
            response_state: row.response_state,
            response_due_at: row.response_due_at,
            resolution_state: row.resolution_state,
            resolution_due_at: row.resolution_due_at,
        }
    }
}

/// What tickets are shown from: with how they stand, for those who are told.
pub(crate) fn beside_tickets(caller: &Principal) -> &'static [ReadModel] {
    if caller.is_staff() { &[ReadModel::TicketList, ReadModel::Sla] } else { &[ReadModel::TicketList] }
}

/// How these tickets stand; nothing, for customers.
pub(crate) async fn of(
    snapshot: &mut Snapshot,
    caller: &Principal,
    tickets: &[Uuid],
) -> Result<HashMap<Uuid, Standing>, sqlx::Error> {
    if !caller.is_staff() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query_as!(
        Standing,
        r#"SELECT ticket_id AS "ticket_id!", state, policy, due_at AS "due_at!",
                  response_state, response_due_at AS "response_due_at: Time",
                  resolution_state, resolution_due_at AS "resolution_due_at: Time"
           FROM read.sla WHERE tenant_id = $1 AND ticket_id = ANY($2)"#,
        caller.tenant.0,
        tickets,
    )
    .fetch_all(&mut *snapshot.tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.ticket_id, row)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_is_what_the_read_model_writes() {
        let never: DateTime<Utc> = "9999-12-31T00:00:00Z".parse().unwrap();
        assert_eq!(never.timestamp_micros(), NEVER);
    }
}
