//! History from elsewhere, told in Docket's events.
//!
//! Another desk's history says what its tickets were after each update, under rules of its own.
//! So the workflow isn't asked here: what happened, happened. The events are the same ones that
//! commands lead to, and statuses, priorities and texts are checked as theirs are. When it
//! happened stands in the metadata (`occurred_at`), which the importer writes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::commands::{check_fields, normalised};
use super::event::{
    Assignment, CategoryChanged, RequestTypeChanged, Requester, Source, TicketAssigned, TicketEvent,
    TicketOpened, TicketUnassigned,
};
use super::workflow::Words;
use super::{Ticket, TicketError};
use crate::ids::OrganizationId;
use crate::input::{Check, MAX_NAME};
use crate::personal::Personal;
use crate::tenant::{Priority, Status, TenantSettings};

/// What a ticket was after one update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// A key of the tenant's workflow.
    pub status: String,
    /// A key of the tenant's priorities.
    pub priority: String,
    /// The category.
    pub category: Option<String>,
    /// The request type.
    pub request_type: Option<String>,
    /// Who had it.
    pub assignment: Assignment,
    /// What solved it, if this update resolves it.
    pub resolution: Option<String>,
}

/// How a ticket began.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// Its number there, kept here; unique in the tenant.
    pub number: String,
    /// What it is about, in a line.
    pub subject: String,
    /// What it is about, in full.
    pub description: String,
    /// Who asked.
    pub requester: Requester,
    /// The requester's organisation.
    pub organization: Option<OrganizationId>,
    /// How it came in.
    pub source: Source,
    /// Tags.
    pub tags: Vec<String>,
    /// Custom fields by key; null is none.
    pub custom_fields: BTreeMap<String, Value>,
    /// Anything else, kept as it came.
    pub channel_metadata: Option<Value>,
    /// What it was then.
    pub state: Snapshot,
}

impl Opening {
    /// The event that opens the ticket.
    pub fn event(self, settings: &TenantSettings) -> Result<TicketEvent, TicketError> {
        let limits = &settings.limits;
        let mut check = Check::new();
        let number = check.line("/number", &self.number, MAX_NAME);
        let subject = check.line("/subject", &self.subject, limits.subject);
        let description = check.text("/description", &self.description, limits.body);
        let tags = normalised(&mut check, "/tags", &self.tags, limits);
        check_fields(&mut check, "/custom_fields", &self.custom_fields, limits);
        if let Some(metadata) = &self.channel_metadata {
            check.any_value("/channel_metadata", metadata);
        }
        let now = self.state.checked(check, settings)?;
        Ok(TicketOpened {
            number,
            subject: Personal::new(subject),
            description: Personal::new(description),
            requester: self.requester,
            status: now.status.key.clone(),
            status_category: now.status.category,
            priority: now.priority.key.clone(),
            priority_rank: now.priority.rank,
            source: self.source,
            category: now.category,
            request_type: now.request_type,
            organization: self.organization,
            tags,
            custom_fields: self.custom_fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            assignment: self.state.assignment,
            channel_metadata: self.channel_metadata.map(Personal::new),
        }
        .into())
    }
}

/// The events that lead from what a ticket is to what it was after an update. Nothing changed is
/// an empty list.
pub fn changes(
    ticket: &Ticket,
    update: &Snapshot,
    settings: &TenantSettings,
) -> Result<Vec<TicketEvent>, TicketError> {
    if !ticket.exists() {
        return Err(TicketError::NotFound);
    }
    let now = update.checked(Check::new(), settings)?;
    let mut events = Vec::new();
    if update.assignment != ticket.assignment {
        let from = ticket.assignment.clone();
        events.push(if update.assignment.is_empty() {
            TicketUnassigned { from, reason: None }.into()
        } else {
            TicketAssigned { from, to: update.assignment.clone(), reason: None }.into()
        });
    }
    if now.category != ticket.category {
        let from = ticket.category.clone();
        events.push(CategoryChanged { from, to: now.category, reason: None }.into());
    }
    if now.request_type != ticket.request_type {
        let from = ticket.request_type.clone();
        events.push(RequestTypeChanged { from, to: now.request_type, reason: None }.into());
    }
    if now.priority.key != ticket.priority {
        events.push(ticket.prioritised(now.priority, None));
    }
    if now.status.key != ticket.status {
        events.push(ticket.moved_to(now.status, Words { reason: None, notes: now.resolution }));
    }
    Ok(events)
}

/// A snapshot whose names stand for something.
struct Checked<'a> {
    status: &'a Status,
    priority: &'a Priority,
    category: Option<String>,
    request_type: Option<String>,
    resolution: Option<Personal<String>>,
}

impl Snapshot {
    fn checked<'a>(
        &self,
        mut check: Check,
        settings: &'a TenantSettings,
    ) -> Result<Checked<'a>, TicketError> {
        let category = check.optional_line("/category", self.category.as_ref(), MAX_NAME);
        let request_type = check.optional_line("/request_type", self.request_type.as_ref(), MAX_NAME);
        let resolution = check.optional_text("/resolution", self.resolution.as_ref(), settings.limits.body);
        let status = settings.status(&self.status);
        if status.is_none() {
            check.fail("/status", "unknown_value", format!("there is no status {:?}", self.status));
        }
        let priority = settings.priority(&self.priority);
        if priority.is_none() {
            check.fail("/priority", "unknown_value", format!("there is no priority {:?}", self.priority));
        }
        // Both are there if the check holds.
        match (check.finish(), status, priority) {
            (Ok(()), Some(status), Some(priority)) => Ok(Checked {
                status,
                priority,
                category,
                request_type,
                resolution: resolution.map(Personal::new),
            }),
            (result, ..) => Err(TicketError::Invalid(result.err().unwrap_or_default())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::StatusCategory;
    use crate::ticket::commands::testing::{assignment, settings, ticket_of, user};
    use crate::ticket::event::{PriorityChanged, StatusChanged, TicketReopened, TicketResolved};

    fn opening() -> Opening {
        Opening {
            number: "INC0000045".to_owned(),
            subject: "Symptom 72".to_owned(),
            description: "Subcategory 170".to_owned(),
            requester: Requester { id: user("Caller 2403"), name: None, email: None },
            organization: None,
            source: Source::Phone,
            tags: vec![],
            custom_fields: [("impact".to_owned(), "2 - Medium".into())].into(),
            channel_metadata: None,
            state: state("new"),
        }
    }

    fn state(status: &str) -> Snapshot {
        Snapshot {
            status: status.to_owned(),
            priority: "medium".to_owned(),
            category: Some("Category 55".to_owned()),
            assignment: assignment(None, Some("Group 56")),
            ..Snapshot::default()
        }
    }

    fn opened(status: &str) -> Ticket {
        let opening = Opening { state: state(status), ..opening() };
        ticket_of([opening.event(&settings()).unwrap()])
    }

    #[test]
    fn a_ticket_begins_with_whoever_had_it() {
        let ticket = opened("new");
        assert_eq!(ticket.number, "INC0000045");
        assert_eq!(ticket.assignment, assignment(None, Some("Group 56")));
        assert_eq!(ticket.assignments, []);
        assert_eq!(changes(&ticket, &state("new"), &settings()), Ok(vec![]));
    }

    #[test]
    fn every_difference_is_an_event() {
        let update = Snapshot {
            priority: "high".to_owned(),
            category: None,
            assignment: assignment(Some("Resolver 31"), Some("Group 24")),
            ..state("in_progress")
        };
        let expected: Vec<TicketEvent> = vec![
            TicketAssigned {
                from: assignment(None, Some("Group 56")),
                to: assignment(Some("Resolver 31"), Some("Group 24")),
                reason: None,
            }
            .into(),
            CategoryChanged { from: Some("Category 55".to_owned()), to: None, reason: None }.into(),
            PriorityChanged {
                from: "medium".to_owned(),
                from_rank: 3,
                to: "high".to_owned(),
                to_rank: 2,
                reason: None,
            }
            .into(),
            StatusChanged {
                from: "new".to_owned(),
                from_category: StatusCategory::New,
                to: "in_progress".to_owned(),
                to_category: StatusCategory::Open,
                reason: None,
            }
            .into(),
        ];
        assert_eq!(changes(&opened("new"), &update, &settings()), Ok(expected));
    }

    #[test]
    fn any_way_through_the_workflow_is_taken() {
        let moved = |from: &str, to: Snapshot| changes(&opened(from), &to, &settings()).unwrap().pop();
        assert!(matches!(moved("new", state("closed")), Some(TicketEvent::TicketClosed(_))));
        assert!(matches!(
            moved("closed", state("in_progress")),
            Some(TicketEvent::TicketReopened(TicketReopened { count: 1, .. }))
        ));
        let solved = Snapshot { resolution: Some("code 5".to_owned()), ..state("resolved") };
        assert!(matches!(
            moved("new", solved),
            Some(TicketEvent::TicketResolved(TicketResolved { notes: Some(notes), .. }))
                if notes.expose() == "code 5"
        ));
    }

    #[test]
    fn nobody_is_a_change_too() {
        let update = Snapshot { assignment: Assignment::default(), ..state("new") };
        let from = assignment(None, Some("Group 56"));
        assert_eq!(
            changes(&opened("new"), &update, &settings()),
            Ok(vec![TicketUnassigned { from, reason: None }.into()])
        );
    }

    #[test]
    fn what_stands_for_nothing_is_named() {
        let update = Snapshot { priority: "5".to_owned(), ..state("-100") };
        let TicketError::Invalid(errors) = changes(&opened("new"), &update, &settings()).unwrap_err() else {
            panic!("refused for another reason");
        };
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/status", "/priority"]);
    }
}
