//! A ticket as of a moment, folded from the log: the same row that the read model would have had.

use chrono::{DateTime, Utc};
use domain::metadata::ActorKind;
use domain::personal::Personal;
use domain::ticket::event::{ReplyAdded, Routing, Source};
use domain::ticket::{Ticket, TicketEvent};
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;

use super::row::TicketRow;
use crate::log::Fact;
use crate::time::Time;

/// What the events tell so far. The state is the domain's; times, counts and places come from
/// around it.
#[derive(Default)]
pub(crate) struct Replay {
    pub(crate) ticket: Ticket,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    internal_updated_at: DateTime<Utc>,
    first_responded_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    last_customer_message_at: Option<DateTime<Utc>>,
    last_agent_message_at: Option<DateTime<Utc>>,
    escalated_to_role: Option<String>,
    escalated_to_agent: Option<String>,
    escalated_to_team: Option<String>,
    version: i64,
    position: i64,
    public_position: i64,
}

impl Replay {
    /// Takes in one more event. One that can't be read changes nothing but the version.
    pub(crate) fn take(&mut self, fact: &Fact) {
        let at = fact.metadata.occurred_at;
        self.version = fact.logged.sequence;
        self.position = fact.logged.position;
        self.internal_updated_at = at;
        let Some(event) = fact.ticket() else { return };
        if !event.is_internal() {
            self.updated_at = at;
            self.public_position = fact.logged.position;
        }
        match event {
            TicketEvent::TicketOpened(_) => self.created_at = at,
            TicketEvent::ReplyAdded(reply) => self.replied(reply, at),
            TicketEvent::TicketResolved(_) => self.resolved_at = Some(at),
            TicketEvent::TicketClosed(_) => self.closed_at = Some(at),
            TicketEvent::TicketEscalated(event) => {
                self.escalated_to_role.clone_from(&event.to_role);
                self.escalated_to_agent = event.to_agent.clone().map(String::from);
                self.escalated_to_team = event.to_team.clone().map(String::from);
            }
            _ => {}
        }
        self.ticket.apply(event.clone());
        if !self.ticket.status_category.is_done() {
            self.resolved_at = None;
            self.closed_at = None;
        }
    }

    fn replied(&mut self, reply: &ReplyAdded, at: DateTime<Utc>) {
        match reply.author.kind {
            ActorKind::Customer => self.last_customer_message_at = Some(at),
            ActorKind::Agent => self.last_agent_message_at = Some(at),
            ActorKind::System => {}
        }
        if reply.first_response {
            self.first_responded_at = Some(at);
        }
    }

    /// The row.
    pub(crate) fn row(self, id: Uuid) -> TicketRow {
        let ticket = self.ticket;
        let public_version = ticket.public_version().0;
        let notes = ticket.messages.iter().filter(|message| message.internal).count();
        let assigned_organization = ticket.assignment.organization.map(String::from);
        let routed_organization = ticket.routed_to.map(String::from);
        let mut tags = ticket.tags;
        tags.sort_unstable();
        let (requester_id, requester_name, requester_email) = match ticket.requester {
            Some(requester) => {
                (String::from(requester.id), exposed(requester.name), exposed(requester.email))
            }
            None => Default::default(),
        };
        let (rating, rating_comment) = match ticket.rating {
            Some(rating) => (Some(i16::from(rating.value)), exposed(rating.comment)),
            None => (None, None),
        };
        TicketRow {
            id,
            number: ticket.number,
            subject: ticket.subject.into_inner(),
            description: ticket.description.into_inner(),
            status: ticket.status,
            status_category: ticket.status_category.as_str().to_owned(),
            priority: ticket.priority,
            priority_rank: ticket.priority_rank,
            category: ticket.category,
            request_type: ticket.request_type,
            source: source(ticket.source),
            agent: ticket.assignment.agent.map(String::from),
            team: ticket.assignment.team.map(String::from),
            organization: assigned_organization.clone().or_else(|| routed_organization.clone()),
            assigned_organization,
            routed_organization,
            routing: routing(ticket.routing),
            requester_id,
            requester_name,
            requester_email,
            requester_organization: ticket.organization.map(String::from),
            tags,
            custom_fields: Json(json!(ticket.custom_fields)),
            rating,
            rating_comment,
            resolution_notes: exposed(ticket.resolution_notes),
            reopen_count: i32::try_from(ticket.reopen_count).unwrap_or(i32::MAX),
            escalation_level: i32::try_from(ticket.escalation_level).unwrap_or(i32::MAX),
            escalated_to_role: self.escalated_to_role,
            escalated_to_agent: self.escalated_to_agent,
            escalated_to_team: self.escalated_to_team,
            public_messages: (ticket.messages.len() - notes) as i32,
            internal_messages: notes as i32,
            created_at: Time(self.created_at),
            updated_at: Time(self.updated_at),
            internal_updated_at: Time(self.internal_updated_at),
            first_responded_at: self.first_responded_at.map(Time),
            resolved_at: self.resolved_at.map(Time),
            closed_at: self.closed_at.map(Time),
            last_customer_message_at: self.last_customer_message_at.map(Time),
            last_agent_message_at: self.last_agent_message_at.map(Time),
            spam: ticket.spam,
            deleted: ticket.deleted,
            version: self.version,
            position: self.position,
            public_version,
            public_position: self.public_position,
            // The log has all of it.
            parked: None,
        }
    }
}

fn exposed(text: Option<Personal<String>>) -> Option<String> {
    text.map(Personal::into_inner)
}

/// As the event's JSON has it.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(ToOwned::to_owned))
        .unwrap_or_default()
}

fn source(source: Source) -> String {
    word(&source)
}

fn routing(routing: Routing) -> String {
    word(&routing)
}
