//! What a ticket is, as far as decisions and a look into the past need it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::event::{Assignment, Requester, Routing, Source};
use crate::identity::{Principal, Visibility};
use crate::ids::{AttachmentId, MessageId, OrganizationId, UserId, Version};
use crate::metadata::{Actor, ActorKind};
use crate::personal::Personal;
use crate::tenant::StatusCategory;

/// A ticket as its events tell it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// The number that people use; empty before the ticket was opened.
    pub number: String,
    /// What it is about, in a line.
    pub subject: Personal<String>,
    /// What it is about, in full.
    pub description: Personal<String>,
    /// Who asks, once it was opened.
    pub requester: Option<Requester>,
    /// The requester's organisation.
    pub organization: Option<OrganizationId>,
    /// The status: a key of the tenant's workflow.
    pub status: String,
    /// Its category.
    pub status_category: StatusCategory,
    /// The priority: a key of the tenant's priorities.
    pub priority: String,
    /// Its rank; lower is more urgent.
    pub priority_rank: i32,
    /// How it came in.
    pub source: Source,
    /// The category.
    pub category: Option<String>,
    /// The request type.
    pub request_type: Option<String>,
    /// Tags, each once, in the order in which they were put on.
    pub tags: Vec<String>,
    /// Custom fields by key.
    pub custom_fields: BTreeMap<String, Value>,
    /// Who works on it.
    pub assignment: Assignment,
    /// Who has worked on it, in order.
    pub assignments: Vec<AssignmentChange>,
    /// Who is to answer.
    pub routing: Routing,
    /// The organisation that it was routed to.
    pub routed_to: Option<OrganizationId>,
    /// How often it was escalated.
    pub escalation_level: u32,
    /// Replies and notes, in order. Shared with the states before and after this one: most events
    /// leave most messages as they are.
    pub messages: Vec<Arc<Message>>,
    /// An agent has replied.
    pub first_response_given: bool,
    /// How often it was reopened.
    pub reopen_count: u32,
    /// What solved it, as told when it was last resolved.
    pub resolution_notes: Option<Personal<String>>,
    /// The requester's rating.
    pub rating: Option<Rating>,
    /// It is marked as spam.
    pub spam: bool,
    /// It was put away.
    pub deleted: bool,
    /// How many of its events customers may know of.
    pub public_events: u32,
}

/// One change of who works on a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentChange {
    /// Who had it.
    pub from: Assignment,
    /// Who had it then.
    pub to: Assignment,
    /// Why.
    pub reason: Option<String>,
}

/// A reply or a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// It is a note: not for customers.
    pub internal: bool,
    /// Who wrote it.
    pub author: Arc<Actor>,
    /// The text; empty when redacted.
    pub body: Personal<String>,
    /// The text with its markup.
    pub html: Option<Personal<String>>,
    /// The ids of its files.
    pub attachments: Vec<AttachmentId>,
    /// It was changed since.
    pub edited: bool,
    /// Its text was taken out of sight.
    pub redacted: bool,
    /// Who has read it, besides its author.
    pub readers: Vec<UserId>,
}

/// The requester's judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// 1 (worst) to 5 (best).
    pub value: u8,
    /// In the requester's words.
    pub comment: Option<Personal<String>>,
}

impl Ticket {
    /// The version that it has to the customers' side: what is internal doesn't move it.
    pub fn public_version(&self) -> Version {
        Version(self.public_events.into())
    }

    /// Whether it was opened.
    pub fn exists(&self) -> bool {
        self.requester.is_some()
    }

    /// Whether this user asked for it.
    pub fn is_requested_by(&self, user: &UserId) -> bool {
        self.requester.as_ref().is_some_and(|requester| requester.id == *user)
    }

    /// Whether somebody of its tenant may know of it at all.
    pub fn visible_to(&self, principal: &Principal) -> bool {
        if self.deleted && principal.kind() == ActorKind::Customer {
            return false;
        }
        match principal.visibility() {
            Visibility::Tenant => true,
            Visibility::Organization => {
                self.is_requested_by(&principal.user)
                    || principal.organization.as_ref().is_some_and(|theirs| self.is_with(theirs))
            }
            Visibility::Own => self.is_requested_by(&principal.user),
        }
    }

    /// Whether an organisation works on it: by assignment or by route.
    fn is_with(&self, organization: &OrganizationId) -> bool {
        self.assignment.organization.as_ref() == Some(organization)
            || (self.routing != Routing::Internal && self.routed_to.as_ref() == Some(organization))
    }

    /// Whether a message that this principal may know of has a file with this id.
    pub(in crate::ticket) fn has_attachment(&self, id: AttachmentId, principal: &Principal) -> bool {
        let known = |message: &Message| !message.internal || principal.sees_notes();
        self.messages.iter().any(|message| known(message) && message.attachments.contains(&id))
    }

    /// A message that this principal may know of.
    pub fn message_for(&self, id: MessageId, principal: &Principal) -> Option<&Message> {
        // The latest are asked for most.
        let message = self.messages.iter().rev().find(|message| message.id == id)?;
        (!message.internal || principal.sees_notes()).then_some(&**message)
    }
}

#[cfg(test)]
mod tests;
