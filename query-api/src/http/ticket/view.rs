//! A ticket as an answer shows it, to support and to customers.

mod columns;

use chrono::{DateTime, Utc};
use domain::disclosure::may_read;
use domain::identity::Principal;
use domain::ids::Version;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::parked::ParkedView;
use super::row::TicketRow;
use super::standing::{Standing, StandingView};
use crate::time::Time;

/// Who asked for support.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RequesterView {
    /// The user's id.
    #[schema(example = "carla")]
    id: String,
    /// The name to show.
    name: Option<String>,
    /// The address to answer to.
    email: Option<String>,
    /// The organisation that they belong to.
    organization: Option<String>,
}

/// A ticket. The fields from `routing` on are there for staff alone.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Ticket)]
pub(crate) struct TicketView {
    /// Its id (UUIDv7).
    id: Uuid,
    /// The number that people use, unique in the tenant.
    #[schema(example = "TKT-00000001")]
    number: String,
    /// What it is about, in a line.
    #[schema(example = "No toner")]
    subject: String,
    /// What it is about, in full.
    #[schema(example = "The printer on the second floor is out of toner.")]
    description: String,
    /// A key of the tenant's workflow.
    #[schema(example = "in_progress")]
    status: String,
    /// What the status means: new, open, pending_customer, pending_internal, resolved, closed, cancelled.
    #[schema(example = "open")]
    status_category: String,
    /// A key of the tenant's priorities.
    #[schema(example = "high")]
    priority: String,
    /// The priority's rank; lower is more urgent.
    #[schema(example = 2)]
    priority_rank: i32,
    /// The category, if one was chosen.
    category: Option<String>,
    /// The request type, if one was chosen.
    request_type: Option<String>,
    /// How it came in.
    #[schema(example = "portal")]
    source: String,
    /// The agent who has it.
    #[schema(example = "amir")]
    assignee: Option<String>,
    /// The team that has it.
    team: Option<String>,
    /// The organisation that has it, by assignment; to staff, or else by routing.
    organization: Option<String>,
    /// Who asked.
    requester: RequesterView,
    /// Tags, sorted.
    #[schema(example = json!(["printer"]))]
    tags: Vec<String>,
    /// Custom fields by key.
    #[schema(value_type = Object)]
    custom_fields: Value,
    /// 1 (worst) to 5 (best), once rated.
    #[schema(example = 5)]
    rating: Option<i16>,
    /// The requester's words on it.
    rating_comment: Option<String>,
    /// What solved it.
    resolution_notes: Option<String>,
    /// How often it was reopened.
    #[schema(example = 0)]
    reopen_count: i32,
    /// Public messages.
    #[schema(example = 2)]
    message_count: i32,
    /// When it was opened.
    created_at: Time,
    /// When anything public about it changed last.
    updated_at: Time,
    /// When an agent first answered.
    first_responded_at: Option<Time>,
    /// When it was resolved; null while it isn't.
    resolved_at: Option<Time>,
    /// When it was closed; null while it isn't.
    closed_at: Option<Time>,
    /// The customer's last message.
    last_customer_message_at: Option<Time>,
    /// Support's last public message.
    last_agent_message_at: Option<Time>,
    /// Its events so far, to customers those that they may know of; what `If-Match` takes.
    #[schema(example = 7)]
    version: i64,
    /// The position of the last of these in the log.
    #[schema(example = 4711)]
    position: i64,
    /// Something that happened to it isn't shown, for the time being.
    #[serde(skip_serializing_if = "Option::is_none")]
    parked: Option<ParkedView>,
    #[serde(flatten)]
    internal: Option<InternalView>,
}

/// What only staff sees of a ticket.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TicketInternals)]
pub(crate) struct InternalView {
    /// Who is to answer: internal, organization, hybrid.
    #[schema(example = "internal")]
    routing: String,
    /// The organisation that it is assigned to.
    assigned_organization: Option<String>,
    /// The organisation that it is routed to.
    routed_organization: Option<String>,
    /// How often it was escalated.
    #[schema(example = 0)]
    escalation_level: i32,
    /// The role that it was escalated to; this and the next two only for those who may read notes.
    escalated_to_role: Option<String>,
    /// The agent that it was escalated to.
    escalated_to_agent: Option<String>,
    /// The team that it was escalated to.
    escalated_to_team: Option<String>,
    /// It is spam.
    #[schema(example = false)]
    spam: bool,
    /// It was put away.
    #[schema(example = false)]
    deleted: bool,
    /// Internal notes; only for those who may read them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1)]
    note_count: Option<i32>,
    /// When anything about it changed last, notes included; only for those who may read them.
    #[serde(skip_serializing_if = "Option::is_none")]
    internal_updated_at: Option<Time>,
    /// How it stands with what was promised for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    sla: Option<StandingView>,
}

impl TicketView {
    /// When it was opened.
    pub(crate) fn created_at(&self) -> DateTime<Utc> {
        self.created_at.0
    }

    /// Its version, as the caller counts.
    pub(crate) fn version(&self) -> Version {
        Version(self.version)
    }

    /// A ticket as this caller may see it.
    pub(crate) fn new(row: TicketRow, standing: Option<Standing>, caller: &Principal) -> Self {
        let (staff, notes) = (caller.is_staff(), caller.sees_notes());
        // Customers count what they may know of, and don't learn where a ticket is routed.
        let (version, position) =
            if staff { (row.version, row.position) } else { (row.public_version, row.public_position) };
        let organization = if staff { row.organization } else { row.assigned_organization.clone() };
        let escalated = may_read(caller, "", domain::ticket::event::TicketEscalated::NAME, "to_role");
        let internal = staff.then(|| InternalView {
            routing: row.routing,
            assigned_organization: row.assigned_organization,
            routed_organization: row.routed_organization,
            escalation_level: row.escalation_level,
            escalated_to_role: row.escalated_to_role.filter(|_| escalated),
            escalated_to_agent: row.escalated_to_agent.filter(|_| escalated),
            escalated_to_team: row.escalated_to_team.filter(|_| escalated),
            spam: row.spam,
            deleted: row.deleted,
            note_count: notes.then_some(row.internal_messages),
            internal_updated_at: notes.then_some(row.internal_updated_at),
            sla: standing.map(StandingView::from),
        });
        Self {
            id: row.id,
            number: row.number,
            subject: row.subject,
            description: row.description,
            status: row.status,
            status_category: row.status_category,
            priority: row.priority,
            priority_rank: row.priority_rank,
            category: row.category,
            request_type: row.request_type,
            source: row.source,
            assignee: row.agent,
            team: row.team,
            organization,
            requester: RequesterView {
                id: row.requester_id,
                name: row.requester_name,
                email: row.requester_email,
                organization: row.requester_organization,
            },
            tags: row.tags,
            custom_fields: row.custom_fields.0,
            rating: row.rating,
            rating_comment: row.rating_comment,
            resolution_notes: row.resolution_notes,
            reopen_count: row.reopen_count,
            message_count: row.public_messages,
            created_at: row.created_at,
            updated_at: row.updated_at,
            first_responded_at: row.first_responded_at,
            resolved_at: row.resolved_at,
            closed_at: row.closed_at,
            last_customer_message_at: row.last_customer_message_at,
            last_agent_message_at: row.last_agent_message_at,
            version,
            position,
            parked: ParkedView::of(row.parked, caller),
            internal,
        }
    }
}
