//! What each event makes of a ticket's row.

use domain::metadata::ActorKind;
use domain::personal::Personal;
use domain::tenant::StatusCategory;
use domain::ticket::event::{Assignment, ReplyAdded, Routing, TicketEvent};
use uuid::Uuid;

use super::Ticket;
use crate::entry::Fact;
use crate::projections::words::{routing, text};
use crate::row::{Json, TextArray};

fn exposed(value: Option<&Personal<String>>) -> Option<String> {
    value.map(|value| value.expose().clone())
}

/// The row of a ticket that has just been opened; `None` for every other event.
pub(super) fn opened(id: Uuid, event: &TicketEvent, fact: &Fact<'_>) -> Option<Ticket> {
    let TicketEvent::TicketOpened(event) = event else { return None };
    let at = fact.occurred_at();
    let requester = &event.requester;
    let mut ticket = Ticket {
        id,
        description: event.description.expose().clone(),
        tenant_id: fact.tenant(),
        number: event.number.clone(),
        subject: event.subject.expose().clone(),
        status: event.status.clone(),
        status_category: event.status_category.as_str().to_owned(),
        priority: event.priority.clone(),
        priority_rank: event.priority_rank,
        category: event.category.clone(),
        request_type: event.request_type.clone(),
        source: event.source.as_str().to_owned(),
        routing: routing(Routing::default()).to_owned(),
        requester_id: requester.id.as_str().to_owned(),
        requester_name: exposed(requester.name.as_ref()),
        requester_email: exposed(requester.email.as_ref()),
        requester_organization: text(event.organization.as_ref()),
        tags: TextArray(event.tags.clone()),
        custom_fields: Json(event.custom_fields.clone()),
        created_at: at,
        updated_at: at,
        internal_updated_at: at,
        version: fact.version(),
        position: fact.position(),
        public_version: 1,
        public_position: fact.position(),
        ..Ticket::default()
    };
    assign(&mut ticket, &event.assignment);
    Some(ticket)
}

/// Changes the row of a ticket that is there.
pub(super) fn apply(ticket: &mut Ticket, event: &TicketEvent, fact: &Fact<'_>) {
    let at = fact.occurred_at();
    match event {
        TicketEvent::TicketOpened(_)
        | TicketEvent::MessageEdited(_)
        | TicketEvent::MessageRedacted(_)
        | TicketEvent::MessageRead(_)
        | TicketEvent::SlaWarned(_)
        | TicketEvent::SlaBreached(_) => {}
        TicketEvent::TicketAssigned(event) => assign(ticket, &event.to),
        TicketEvent::TicketUnassigned(_) => assign(ticket, &Assignment::default()),
        TicketEvent::ReplyAdded(event) => reply(ticket, event, fact),
        TicketEvent::NoteAdded(_) => ticket.internal_messages += 1,
        TicketEvent::StatusChanged(event) => status(ticket, &event.to, event.to_category),
        TicketEvent::TicketResolved(event) => {
            status(ticket, &event.to, event.to_category);
            ticket.resolved_at = Some(at);
            ticket.resolution_notes = exposed(event.notes.as_ref());
        }
        TicketEvent::TicketClosed(event) => {
            status(ticket, &event.to, event.to_category);
            ticket.closed_at = Some(at);
        }
        TicketEvent::TicketReopened(event) => {
            status(ticket, &event.to, event.to_category);
            ticket.reopen_count = i32::try_from(event.count).unwrap_or(i32::MAX);
        }
        TicketEvent::TicketCancelled(event) => status(ticket, &event.to, event.to_category),
        TicketEvent::TicketRated(event) => {
            ticket.rating = Some(event.rating.into());
            ticket.rating_comment = exposed(event.comment.as_ref());
        }
        TicketEvent::PriorityChanged(event) => {
            ticket.priority.clone_from(&event.to);
            ticket.priority_rank = event.to_rank;
        }
        TicketEvent::CategoryChanged(event) => ticket.category.clone_from(&event.to),
        TicketEvent::RequestTypeChanged(event) => ticket.request_type.clone_from(&event.to),
        TicketEvent::SubjectChanged(event) => ticket.subject.clone_from(event.to.expose()),
        TicketEvent::TagAdded(event) => {
            if !ticket.tags.0.contains(&event.tag) {
                ticket.tags.0.push(event.tag.clone());
            }
        }
        TicketEvent::TagRemoved(event) => ticket.tags.0.retain(|tag| *tag != event.tag),
        TicketEvent::CustomFieldsSet(event) => {
            for change in &event.changes {
                if change.to.is_null() {
                    ticket.custom_fields.0.remove(&change.key);
                } else {
                    ticket.custom_fields.0.insert(change.key.clone(), change.to.clone());
                }
            }
        }
        TicketEvent::TicketEscalated(event) => {
            ticket.escalation_level = i32::try_from(event.level).unwrap_or(i32::MAX);
            ticket.escalated_to_role.clone_from(&event.to_role);
            ticket.escalated_to_agent = text(event.to_agent.as_ref());
            ticket.escalated_to_team = text(event.to_team.as_ref());
        }
        TicketEvent::TicketRouted(event) => {
            routing(event.to).clone_into(&mut ticket.routing);
            ticket.routed_organization = text(event.to_organization.as_ref());
            organization(ticket);
        }
        TicketEvent::TicketMarkedSpam(_) => ticket.spam = true,
        TicketEvent::TicketUnmarkedSpam(_) => ticket.spam = false,
        TicketEvent::TicketDeleted(_) => ticket.deleted = true,
        TicketEvent::TicketRestored(_) => ticket.deleted = false,
    }
    ticket.internal_updated_at = at;
    if !event.is_internal() {
        ticket.updated_at = at;
        ticket.public_version += 1;
        ticket.public_position = fact.position();
    }
    ticket.version = fact.version();
    ticket.position = fact.position();
}

fn assign(ticket: &mut Ticket, to: &Assignment) {
    ticket.agent = text(to.agent.as_ref());
    ticket.team = text(to.team.as_ref());
    ticket.assigned_organization = text(to.organization.as_ref());
    organization(ticket);
}

/// Whoever it is assigned to comes before where it was routed.
fn organization(ticket: &mut Ticket) {
    let organization = ticket.assigned_organization.as_ref().or(ticket.routed_organization.as_ref());
    ticket.organization = organization.cloned();
}

fn status(ticket: &mut Ticket, to: &str, category: StatusCategory) {
    to.clone_into(&mut ticket.status);
    category.as_str().clone_into(&mut ticket.status_category);
    if !category.is_done() {
        ticket.resolved_at = None;
        ticket.closed_at = None;
    }
}

fn reply(ticket: &mut Ticket, event: &ReplyAdded, fact: &Fact<'_>) {
    let at = fact.occurred_at();
    ticket.public_messages += 1;
    match event.author.kind {
        ActorKind::Customer => ticket.last_customer_message_at = Some(at),
        ActorKind::Agent => ticket.last_agent_message_at = Some(at),
        ActorKind::System => {}
    }
    if event.first_response {
        ticket.first_responded_at = Some(at);
    }
}
