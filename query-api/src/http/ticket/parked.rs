//! Tickets that a read model can't go on with: an event of theirs couldn't be applied, and what came after it
//! waits until an operator sees to it. What there is stays to be read, marked, and under a position that
//! doesn't claim the rest.

use chrono::{DateTime, Utc};
use domain::identity::Principal;
use domain::ids::{Position, TenantId};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{QueryBuilder, Row as _};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::snapshot::{ReadModel, Snapshot};
use crate::time::Time;

/// Where `t`, with `id` and `tenant_id`, is parked: a column.
macro_rules! parked_column {
    () => {
        "(SELECT json_agg(json_build_object('model', p.projection, 'position', p.position, \
    'since', p.parked_at) ORDER BY p.position, p.projection) FROM parked_streams AS p \
    WHERE p.aggregate_type = 'ticket' AND p.aggregate_id = t.id::text AND p.tenant_id = t.tenant_id) AS parked"
    };
}
pub(super) use parked_column;

/// What customers read of a ticket.
const FOR_CUSTOMERS: [ReadModel; 3] = [ReadModel::TicketList, ReadModel::Conversation, ReadModel::Activity];

/// A read model that can't go on with a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Parked {
    model: String,
    /// The event that couldn't be applied.
    position: i64,
    since: DateTime<Utc>,
}

/// Something that happened to the ticket isn't shown: an event couldn't be applied to a read model, and what
/// came after it waits. An operator has to see to it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TicketParked)]
pub(crate) struct ParkedView {
    /// Since when.
    since: Time,
    /// The position of the first event that isn't shown; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 4711)]
    position: Option<i64>,
    /// The read models that it isn't shown in; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["conversation"]))]
    read_models: Option<Vec<String>>,
}

impl ParkedView {
    /// As the caller is told it; none if what they read isn't concerned.
    pub(super) fn of(parked: Option<Json<Vec<Parked>>>, caller: &Principal) -> Option<Self> {
        let mut parked = parked?.0;
        let staff = caller.is_staff();
        if !staff {
            parked.retain(|one| FOR_CUSTOMERS.iter().any(|model| model.checkpoint() == one.model));
        }
        Some(Self {
            since: Time(parked.iter().map(|one| one.since).min()?),
            position: parked.iter().map(|one| one.position).min().filter(|_| staff),
            read_models: staff.then(|| parked.into_iter().map(|one| one.model).collect()),
        })
    }
}

/// The first of these read models' events that isn't shown, with since when.
pub(crate) fn first_of(parked: &[Parked], models: &[ReadModel]) -> Option<(Position, DateTime<Utc>)> {
    let here = |one: &&Parked| models.iter().any(|model| model.checkpoint() == one.model);
    let first = parked.iter().filter(here).min_by_key(|one| one.position)?;
    Some((Position(first.position), first.since))
}

/// Where a ticket is parked.
pub(super) async fn read(
    snapshot: &mut Snapshot,
    tenant: TenantId,
    ticket: Uuid,
) -> Result<Vec<Parked>, sqlx::Error> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(parked_column!()).push(" FROM (SELECT ").push_bind(ticket);
    sql.push("::uuid AS id, ").push_bind(tenant.0).push("::uuid AS tenant_id) AS t");
    let row = sql.build().fetch_one(&mut *snapshot.tx).await?;
    let parked: Option<Json<Vec<Parked>>> = row.try_get("parked")?;
    Ok(parked.map(|parked| parked.0).unwrap_or_default())
}
