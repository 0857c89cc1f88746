//! One line of the audit trail, as an answer shows it.

mod columns;

use chrono::{DateTime, Utc};
use domain::disclosure::{may_read, may_read_metadata};
use domain::identity::Principal;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::person::Person;
use crate::error::QueryError;
use crate::export;
use crate::snapshot::Snapshot;
use crate::time::Time;

/// The columns of `read.activity AS a`, in the order of [`ActivityRow`].
pub(crate) const COLUMNS: &str = "a.position, a.ordinal, a.ticket_id, a.event_id, a.event_type, a.type, a.field, \
    a.old_value, a.new_value, a.reason, a.message_id, a.actor_id, a.actor_kind, a.actor_name, a.occurred_at, \
    a.recorded_at, a.ip, a.user_agent, a.request_id, a.internal";

#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ActivityRow {
    pub(crate) position: i64,
    pub(crate) ordinal: i16,
    ticket_id: Option<Uuid>,
    event_id: Uuid,
    event_type: String,
    r#type: String,
    field: Option<String>,
    old_value: Option<String>,
    new_value: Option<String>,
    reason: Option<String>,
    message_id: Option<Uuid>,
    actor_id: String,
    actor_kind: String,
    actor_name: Option<String>,
    pub(crate) occurred_at: Time,
    recorded_at: Time,
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
    internal: bool,
}

/// One thing that somebody did.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Activity)]
pub(crate) struct ActivityView {
    /// created, status_changed, assigned, unassigned, message_added, note_added, …
    #[schema(example = "status_changed")]
    r#type: String,
    /// The field that changed.
    #[schema(example = "status")]
    field: Option<String>,
    /// Its value before.
    #[schema(example = "open")]
    old_value: Option<String>,
    /// Its value now.
    #[schema(example = "resolved")]
    new_value: Option<String>,
    /// Why.
    reason: Option<String>,
    /// Who did it.
    actor: Person,
    /// When it happened.
    occurred_at: Time,
    /// When it was written down; later than `occurred_at` for what was imported.
    recorded_at: Time,
    /// The ticket; null for what happened to the tenant.
    ticket_id: Option<Uuid>,
    /// The message that it is about.
    message_id: Option<Uuid>,
    /// The event that tells it.
    event_id: Uuid,
    /// That event's type.
    #[schema(example = "TicketResolved")]
    event_type: String,
    /// That event's place in the log.
    #[schema(example = 4711)]
    position: i64,
    /// Not for customers.
    #[schema(example = false)]
    internal: bool,
    /// The address that it came from; for staff, and for oneself.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    /// The program that it came by; for staff, and for oneself.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    /// The request that it came with; for staff, and for oneself.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl ActivityView {
    /// When it happened.
    pub(crate) fn occurred_at(&self) -> DateTime<Utc> {
        self.occurred_at.0
    }

    /// The next lines of a list that leaves as a file.
    pub(crate) async fn next(snapshot: &mut Snapshot, caller: &Principal) -> Result<Vec<Self>, QueryError> {
        let rows: Vec<ActivityRow> = export::read(snapshot).await?;
        Ok(rows.into_iter().map(|row| Self::new(row, caller)).collect())
    }

    /// A line as this caller may see it.
    pub(crate) fn new(row: ActivityRow, caller: &Principal) -> Self {
        let may = |field| may_read_metadata(caller, &row.actor_id, field);
        let (ip, user_agent, request_id) = (may("ip"), may("user_agent"), may("request_id"));
        let reason = may_read(caller, &row.actor_id, &row.event_type, "reason");
        Self {
            r#type: row.r#type,
            field: row.field,
            old_value: row.old_value,
            new_value: row.new_value,
            reason: row.reason.filter(|_| reason),
            actor: Person { id: row.actor_id, kind: row.actor_kind, name: row.actor_name },
            occurred_at: row.occurred_at,
            recorded_at: row.recorded_at,
            ticket_id: row.ticket_id,
            message_id: row.message_id,
            event_id: row.event_id,
            event_type: row.event_type,
            position: row.position,
            internal: row.internal,
            ip: row.ip.filter(|_| ip),
            user_agent: row.user_agent.filter(|_| user_agent),
            request_id: row.request_id.filter(|_| request_id),
        }
    }
}
