//! What an event changed, as the audit trail tells it.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::event::Event;
use domain::export::ExportEvent;
use domain::ids::MessageId;
use domain::sla::event::SlaEvent;
use domain::tenant::TenantEvent;
use domain::ticket::event::{Assignment, Attachment, TicketEvent};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::projections::words::{routing, text};

/// One change.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Change {
    pub(super) kind: &'static str,
    pub(super) field: Option<String>,
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) message: Option<Uuid>,
    pub(super) internal: bool,
}

impl Change {
    fn of(kind: &'static str) -> Self {
        Self { kind, ..Self::default() }
    }

    fn field(mut self, field: &str, old: Option<String>, new: Option<String>) -> Self {
        self.field = Some(field.to_owned());
        self.old = old;
        self.new = new;
        self
    }

    fn because(mut self, reason: Option<&String>) -> Self {
        self.reason = reason.cloned();
        self
    }

    fn about(mut self, message: MessageId) -> Self {
        self.message = Some(message.0);
        self
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a value beside those that may be none")]
fn some(value: &(impl ToString + ?Sized)) -> Option<String> {
    Some(value.to_string())
}

/// What the event changed, one item per field.
pub(super) fn of(event: &Event) -> Vec<Change> {
    match event {
        Event::Ticket(event) => {
            let mut changes = ticket(event);
            for change in &mut changes {
                change.internal = event.is_internal();
            }
            changes
        }
        Event::Tenant(event) => vec![tenant(event)],
        Event::Sla(event) => vec![sla(event)],
        Event::Export(event) => vec![export(event)],
    }
}

fn ticket(event: &TicketEvent) -> Vec<Change> {
    let change = match event {
        TicketEvent::TicketOpened(event) => Change::of("created").field("status", None, some(&event.status)),
        TicketEvent::TicketAssigned(event) => {
            return assigned("assigned", &event.from, &event.to, event.reason.as_ref());
        }
        TicketEvent::TicketUnassigned(event) => {
            return assigned("unassigned", &event.from, &Assignment::default(), event.reason.as_ref());
        }
        TicketEvent::ReplyAdded(event) => {
            return said("message_added", event.message_id, &event.attachments);
        }
        TicketEvent::NoteAdded(event) => return said("note_added", event.message_id, &event.attachments),
        TicketEvent::MessageEdited(event) => Change::of("message_edited").about(event.message_id),
        TicketEvent::MessageRedacted(event) => {
            Change::of("message_redacted").about(event.message_id).because(event.reason.as_ref())
        }
        TicketEvent::MessageRead(event) => Change::of("message_read").about(event.message_id),
        TicketEvent::StatusChanged(event) => {
            status("status_changed", &event.from, &event.to, event.reason.as_ref())
        }
        TicketEvent::TicketResolved(event) => {
            status("resolved", &event.from, &event.to, event.reason.as_ref())
        }
        TicketEvent::TicketClosed(event) => status("closed", &event.from, &event.to, event.reason.as_ref()),
        TicketEvent::TicketReopened(event) => {
            status("reopened", &event.from, &event.to, event.reason.as_ref())
        }
        TicketEvent::TicketCancelled(event) => {
            status("cancelled", &event.from, &event.to, event.reason.as_ref())
        }
        TicketEvent::TicketRated(event) => {
            Change::of("rated").field("rating", text(event.former_rating.as_ref()), some(&event.rating))
        }
        TicketEvent::PriorityChanged(event) => Change::of("priority_changed")
            .field("priority", some(&event.from), some(&event.to))
            .because(event.reason.as_ref()),
        TicketEvent::CategoryChanged(event) => Change::of("category_changed")
            .field("category", event.from.clone(), event.to.clone())
            .because(event.reason.as_ref()),
        TicketEvent::RequestTypeChanged(event) => Change::of("field_changed")
            .field("request_type", event.from.clone(), event.to.clone())
            .because(event.reason.as_ref()),
        TicketEvent::SubjectChanged(event) => Change::of("field_changed")
            .field("subject", some(event.from.expose()), some(event.to.expose()))
            .because(event.reason.as_ref()),
        TicketEvent::TagAdded(event) => Change::of("tag_added").field("tags", None, some(&event.tag)),
        TicketEvent::TagRemoved(event) => Change::of("tag_removed").field("tags", some(&event.tag), None),
        TicketEvent::CustomFieldsSet(event) => {
            let field = |change: &domain::ticket::event::FieldChange| {
                let name = format!("custom_fields.{}", change.key);
                Change::of("field_changed").field(&name, value(&change.from), value(&change.to))
            };
            return event.changes.iter().map(field).collect();
        }
        TicketEvent::TicketEscalated(event) => {
            let person = || text(event.to_agent.as_ref()).or_else(|| text(event.to_team.as_ref()));
            let to = event.to_role.clone().or_else(person);
            Change::of("escalated").field("escalated_to", None, to).because(Some(&event.reason))
        }
        TicketEvent::TicketRouted(event) => {
            let mut changes = vec![Change::of("routed").field(
                "routing",
                some(routing(event.from)),
                some(routing(event.to)),
            )];
            let (from, to) = (text(event.from_organization.as_ref()), text(event.to_organization.as_ref()));
            if from != to {
                changes.push(Change::of("routed").field("organization", from, to));
            }
            return changes;
        }
        TicketEvent::TicketMarkedSpam(event) => Change::of("marked_spam").because(event.reason.as_ref()),
        TicketEvent::TicketUnmarkedSpam(event) => Change::of("unmarked_spam").because(event.reason.as_ref()),
        TicketEvent::TicketDeleted(event) => Change::of("deleted").because(event.reason.as_ref()),
        TicketEvent::TicketRestored(event) => Change::of("restored").because(event.reason.as_ref()),
        TicketEvent::SlaWarned(event) => {
            Change::of("sla_warned").field(event.metric.as_str(), None, some(&time(event.warning_at)))
        }
        TicketEvent::SlaBreached(event) => {
            Change::of("sla_breached").field(event.metric.as_str(), None, some(&time(event.due_at)))
        }
    };
    vec![change]
}

fn tenant(event: &TenantEvent) -> Change {
    match event {
        TenantEvent::TenantCreated(event) => {
            Change::of("tenant_created").field("profile", None, some(&event.profile))
        }
        TenantEvent::ReportingChanged(event) => {
            Change::of("reporting_changed").field("reporting", json(&event.from), json(&event.to))
        }
    }
}

/// What was set up, as it stands in the configuration.
fn json(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}

fn sla(event: &SlaEvent) -> Change {
    match event {
        SlaEvent::PolicyAdded(event) => {
            Change::of("sla_policy_added").field(&event.policy.key, None, json(&event.policy))
        }
        SlaEvent::PolicyChanged(event) => {
            Change::of("sla_policy_changed").field(&event.to.key, json(&event.from), json(&event.to))
        }
        SlaEvent::PolicyRemoved(event) => {
            Change::of("sla_policy_removed").field(&event.policy.key, json(&event.policy), None)
        }
        SlaEvent::PoliciesReordered(event) => Change::of("sla_policies_reordered").field(
            "policies",
            Some(event.from.join(", ")),
            Some(event.to.join(", ")),
        ),
        SlaEvent::CalendarAdded(event) => {
            Change::of("calendar_added").field(&event.key, None, json(&event.calendar))
        }
        SlaEvent::CalendarChanged(event) => {
            Change::of("calendar_changed").field(&event.key, json(&event.from), json(&event.to))
        }
        SlaEvent::CalendarRemoved(event) => {
            Change::of("calendar_removed").field(&event.key, json(&event.calendar), None)
        }
        SlaEvent::AutoCloseChanged(event) => Change::of("auto_close_changed").field(
            "auto_close_days",
            text(event.from_days.as_ref()),
            text(event.to_days.as_ref()),
        ),
    }
}

/// What was taken out, with what was asked for. Nothing that customers learn of.
fn export(event: &ExportEvent) -> Change {
    let ExportEvent::DataExported(exported) = event;
    let told = serde_json::to_string(exported).ok();
    Change { internal: true, ..Change::of("exported").field(&exported.what, None, told) }
}

/// As JSON has times.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn status(kind: &'static str, from: &String, to: &String, reason: Option<&String>) -> Change {
    Change::of(kind).field("status", some(from), some(to)).because(reason)
}

/// One change per part of the assignment, so that each part's history can be read and counted alone.
fn assigned(kind: &'static str, from: &Assignment, to: &Assignment, reason: Option<&String>) -> Vec<Change> {
    let parts = [
        ("agent", text(from.agent.as_ref()), text(to.agent.as_ref())),
        ("team", text(from.team.as_ref()), text(to.team.as_ref())),
        ("organization", text(from.organization.as_ref()), text(to.organization.as_ref())),
    ];
    parts
        .into_iter()
        .filter(|(_, from, to)| from != to)
        .map(|(field, from, to)| Change::of(kind).field(field, from, to).because(reason))
        .collect()
}

fn said(kind: &'static str, message: MessageId, attachments: &[Attachment]) -> Vec<Change> {
    let mut changes = vec![Change::of(kind).about(message)];
    changes.extend(attachments.iter().map(|attachment| {
        Change::of("attachment_added")
            .field("attachments", None, some(attachment.name.expose()))
            .about(message)
    }));
    changes
}

/// A custom field's value as people read it: text as it stands, the rest as JSON, null as nothing.
fn value(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{TeamId, UserId};

    use super::*;

    #[test]
    fn an_assignment_is_told_part_by_part() {
        let agent = |id: &str| Some(UserId::new(id).unwrap());
        let from = Assignment { agent: agent("ada"), team: None, organization: None };
        let to =
            Assignment { agent: agent("ben"), team: Some(TeamId::new("net").unwrap()), organization: None };
        let fields: Vec<_> = assigned("assigned", &from, &to, None)
            .into_iter()
            .map(|change| (change.field.unwrap(), change.old, change.new))
            .collect();
        assert_eq!(
            fields,
            [("agent".to_owned(), some("ada"), some("ben")), ("team".to_owned(), None, some("net")),]
        );
    }

    #[test]
    fn values_of_fields_are_told_as_people_read_them() {
        assert_eq!(value(&Value::Null), None);
        assert_eq!(value(&"plain".into()), some("plain"));
        assert_eq!(value(&serde_json::json!(["a", 1])), some(r#"["a",1]"#));
    }
}
