//! A ticket as the read model has it.

use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::parked::{Parked, parked_column};
use crate::time::Time;

/// The columns of `read.tickets AS t`, in the order of [`TicketRow`].
pub(crate) const COLUMNS: &str = concat!(
    "t.id, t.number, t.subject, t.description, t.status, t.status_category, \
    t.priority, t.priority_rank, t.category, t.request_type, t.source, t.agent, t.team, t.organization, \
    t.assigned_organization, t.routed_organization, t.routing, t.requester_id, t.requester_name, \
    t.requester_email, t.requester_organization, t.tags, t.custom_fields, t.rating, t.rating_comment, \
    t.resolution_notes, t.reopen_count, t.escalation_level, t.escalated_to_role, t.escalated_to_agent, \
    t.escalated_to_team, t.public_messages, t.internal_messages, t.created_at, t.updated_at, t.internal_updated_at, \
    t.first_responded_at, t.resolved_at, t.closed_at, t.last_customer_message_at, t.last_agent_message_at, \
    t.spam, t.deleted, t.version, t.position, t.public_version, t.public_position, ",
    parked_column!()
);

/// A row of `read.tickets`, or the same made from the log as of a moment.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct TicketRow {
    pub(crate) id: Uuid,
    pub(crate) number: String,
    pub(crate) subject: String,
    pub(crate) description: String,
    pub(crate) status: String,
    pub(crate) status_category: String,
    pub(crate) priority: String,
    pub(crate) priority_rank: i32,
    pub(crate) category: Option<String>,
    pub(crate) request_type: Option<String>,
    pub(crate) source: String,
    pub(crate) agent: Option<String>,
    pub(crate) team: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) assigned_organization: Option<String>,
    pub(crate) routed_organization: Option<String>,
    pub(crate) routing: String,
    pub(crate) requester_id: String,
    pub(crate) requester_name: Option<String>,
    pub(crate) requester_email: Option<String>,
    pub(crate) requester_organization: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) custom_fields: Json<Value>,
    pub(crate) rating: Option<i16>,
    pub(crate) rating_comment: Option<String>,
    pub(crate) resolution_notes: Option<String>,
    pub(crate) reopen_count: i32,
    pub(crate) escalation_level: i32,
    pub(crate) escalated_to_role: Option<String>,
    pub(crate) escalated_to_agent: Option<String>,
    pub(crate) escalated_to_team: Option<String>,
    pub(crate) public_messages: i32,
    pub(crate) internal_messages: i32,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
    pub(crate) internal_updated_at: Time,
    pub(crate) first_responded_at: Option<Time>,
    pub(crate) resolved_at: Option<Time>,
    pub(crate) closed_at: Option<Time>,
    pub(crate) last_customer_message_at: Option<Time>,
    pub(crate) last_agent_message_at: Option<Time>,
    pub(crate) spam: bool,
    pub(crate) deleted: bool,
    pub(crate) version: i64,
    pub(crate) position: i64,
    pub(crate) public_version: i64,
    pub(crate) public_position: i64,
    /// The read models that can't go on with it.
    pub(crate) parked: Option<Json<Vec<Parked>>>,
}
