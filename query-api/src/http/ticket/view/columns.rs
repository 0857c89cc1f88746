//! A ticket as a line of CSV: the fields of its answer, those of `requester` and `sla` with that name
//! before theirs.

use domain::identity::Principal;

use super::{InternalView, TicketView};
use crate::export::Column;
use crate::http::ticket::standing::StandingView;

/// What everybody gets.
const COLUMNS: [Column<TicketView>; 34] = [
    ("id", |row, to| to.put(&row.id)),
    ("number", |row, to| to.put(&row.number)),
    ("subject", |row, to| to.put(&row.subject)),
    ("description", |row, to| to.put(&row.description)),
    ("status", |row, to| to.put(&row.status)),
    ("status_category", |row, to| to.put(&row.status_category)),
    ("priority", |row, to| to.put(&row.priority)),
    ("priority_rank", |row, to| to.put(&row.priority_rank)),
    ("category", |row, to| to.put(&row.category)),
    ("request_type", |row, to| to.put(&row.request_type)),
    ("source", |row, to| to.put(&row.source)),
    ("assignee", |row, to| to.put(&row.assignee)),
    ("team", |row, to| to.put(&row.team)),
    ("organization", |row, to| to.put(&row.organization)),
    ("requester_id", |row, to| to.put(&row.requester.id)),
    ("requester_name", |row, to| to.put(&row.requester.name)),
    ("requester_email", |row, to| to.put(&row.requester.email)),
    ("requester_organization", |row, to| to.put(&row.requester.organization)),
    ("tags", |row, to| to.put(&row.tags)),
    ("custom_fields", |row, to| to.put(&row.custom_fields)),
    ("rating", |row, to| to.put(&row.rating)),
    ("rating_comment", |row, to| to.put(&row.rating_comment)),
    ("resolution_notes", |row, to| to.put(&row.resolution_notes)),
    ("reopen_count", |row, to| to.put(&row.reopen_count)),
    ("message_count", |row, to| to.put(&row.message_count)),
    ("created_at", |row, to| to.put(&row.created_at)),
    ("updated_at", |row, to| to.put(&row.updated_at)),
    ("first_responded_at", |row, to| to.put(&row.first_responded_at)),
    ("resolved_at", |row, to| to.put(&row.resolved_at)),
    ("closed_at", |row, to| to.put(&row.closed_at)),
    ("last_customer_message_at", |row, to| to.put(&row.last_customer_message_at)),
    ("last_agent_message_at", |row, to| to.put(&row.last_agent_message_at)),
    ("version", |row, to| to.put(&row.version)),
    ("position", |row, to| to.put(&row.position)),
];

/// What staff gets besides.
const INTERNAL: [Column<TicketView>; 9] = [
    ("routing", |row, to| to.put(&internal(row).map(|it| &it.routing))),
    ("assigned_organization", |row, to| to.put(&internal(row).map(|it| &it.assigned_organization))),
    ("routed_organization", |row, to| to.put(&internal(row).map(|it| &it.routed_organization))),
    ("escalation_level", |row, to| to.put(&internal(row).map(|it| &it.escalation_level))),
    ("escalated_to_role", |row, to| to.put(&internal(row).map(|it| &it.escalated_to_role))),
    ("escalated_to_agent", |row, to| to.put(&internal(row).map(|it| &it.escalated_to_agent))),
    ("escalated_to_team", |row, to| to.put(&internal(row).map(|it| &it.escalated_to_team))),
    ("spam", |row, to| to.put(&internal(row).map(|it| &it.spam))),
    ("deleted", |row, to| to.put(&internal(row).map(|it| &it.deleted))),
];

/// What those get who may read notes.
const NOTES: [Column<TicketView>; 2] = [
    ("note_count", |row, to| to.put(&internal(row).map(|it| &it.note_count))),
    ("internal_updated_at", |row, to| to.put(&internal(row).map(|it| &it.internal_updated_at))),
];

/// How the ticket stands, for staff.
const SLA: [Column<TicketView>; 7] = [
    ("sla_state", |row, to| to.put(&sla(row).map(|it| &it.state))),
    ("sla_policy", |row, to| to.put(&sla(row).map(|it| &it.policy))),
    ("sla_due_at", |row, to| to.put(&sla(row).map(|it| &it.due_at))),
    ("sla_response_state", |row, to| to.put(&sla(row).map(|it| &it.response_state))),
    ("sla_response_due_at", |row, to| to.put(&sla(row).map(|it| &it.response_due_at))),
    ("sla_resolution_state", |row, to| to.put(&sla(row).map(|it| &it.resolution_state))),
    ("sla_resolution_due_at", |row, to| to.put(&sla(row).map(|it| &it.resolution_due_at))),
];

fn internal(ticket: &TicketView) -> Option<&InternalView> {
    ticket.internal.as_ref()
}

fn sla(ticket: &TicketView) -> Option<&StandingView> {
    internal(ticket)?.sla.as_ref()
}

impl TicketView {
    /// The columns that this caller gets.
    pub(crate) fn columns(caller: &Principal) -> Vec<Column<Self>> {
        let mut columns = COLUMNS.to_vec();
        if caller.is_staff() {
            columns.extend(INTERNAL);
            if caller.sees_notes() {
                columns.extend(NOTES);
            }
            columns.extend(SLA);
        }
        columns
    }
}
