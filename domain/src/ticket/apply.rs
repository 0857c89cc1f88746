//! What each event makes of a ticket. Never refuses: what happened, happened.

use std::sync::Arc;

use serde_json::Value;

use super::event::*;
use super::state::{AssignmentChange, Message, Rating, Ticket};
use crate::ids::MessageId;
use crate::metadata::Actor;
use crate::personal::Personal;
use crate::tenant::StatusCategory;

/// A message's id, its author, its text and its markup.
type Said = (MessageId, Actor, Personal<String>, Option<Personal<String>>);

/// Authors are shared among so many messages: those who write to one ticket are few.
const RECENT: usize = 4;

impl Ticket {
    /// Takes in what happened.
    pub fn apply(&mut self, event: TicketEvent) {
        self.public_events += u32::from(!event.is_internal());
        match event {
            TicketEvent::TicketOpened(event) => self.opened(event),
            TicketEvent::TicketAssigned(event) => {
                self.assigned(event.from, event.to, event.reason);
            }
            TicketEvent::TicketUnassigned(event) => {
                self.assigned(event.from, Assignment::default(), event.reason);
            }
            TicketEvent::ReplyAdded(event) => {
                self.first_response_given |= event.first_response;
                let message = (event.message_id, event.author, event.body, event.html);
                self.said(false, message, &event.attachments);
            }
            TicketEvent::NoteAdded(event) => {
                let message = (event.message_id, event.author, event.body, event.html);
                self.said(true, message, &event.attachments);
            }
            TicketEvent::MessageEdited(event) => {
                if let Some(message) = self.message_mut(event.message_id) {
                    message.body = event.body;
                    message.html = event.html;
                    message.edited = true;
                }
            }
            TicketEvent::MessageRedacted(event) => {
                if let Some(message) = self.message_mut(event.message_id) {
                    message.body = Personal::default();
                    message.html = None;
                    message.redacted = true;
                }
            }
            TicketEvent::MessageRead(event) => {
                if let Some(message) = self.message_mut(event.message_id) {
                    message.readers.push(event.reader);
                }
            }
            TicketEvent::StatusChanged(event) => self.moved(event.to, event.to_category),
            TicketEvent::TicketResolved(event) => {
                self.moved(event.to, event.to_category);
                self.resolution_notes = event.notes;
            }
            TicketEvent::TicketClosed(event) => self.moved(event.to, event.to_category),
            TicketEvent::TicketReopened(event) => {
                self.moved(event.to, event.to_category);
                self.reopen_count = event.count;
            }
            TicketEvent::TicketCancelled(event) => self.moved(event.to, event.to_category),
            TicketEvent::TicketRated(event) => {
                self.rating = Some(Rating { value: event.rating, comment: event.comment });
            }
            TicketEvent::PriorityChanged(event) => {
                self.priority = event.to;
                self.priority_rank = event.to_rank;
            }
            TicketEvent::CategoryChanged(event) => self.category = event.to,
            TicketEvent::RequestTypeChanged(event) => self.request_type = event.to,
            TicketEvent::SubjectChanged(event) => self.subject = event.to,
            TicketEvent::TagAdded(event) => self.tags.push(event.tag),
            TicketEvent::TagRemoved(event) => self.tags.retain(|tag| *tag != event.tag),
            TicketEvent::CustomFieldsSet(event) => {
                for change in event.changes {
                    match change.to {
                        Value::Null => self.custom_fields.remove(&change.key),
                        value => self.custom_fields.insert(change.key, value),
                    };
                }
            }
            TicketEvent::TicketEscalated(event) => self.escalation_level = event.level,
            TicketEvent::TicketRouted(event) => {
                self.routing = event.to;
                self.routed_to = event.to_organization;
            }
            TicketEvent::TicketMarkedSpam(_) => self.spam = true,
            TicketEvent::TicketUnmarkedSpam(_) => self.spam = false,
            TicketEvent::TicketDeleted(_) => self.deleted = true,
            TicketEvent::TicketRestored(_) => self.deleted = false,
            // Clocks are folded apart: see `crate::sla`.
            TicketEvent::SlaWarned(_) | TicketEvent::SlaBreached(_) => {}
        }
    }

    fn opened(&mut self, event: TicketOpened) {
        self.number = event.number;
        self.subject = event.subject;
        self.description = event.description;
        self.requester = Some(event.requester);
        self.organization = event.organization;
        self.status = event.status;
        self.status_category = event.status_category;
        self.priority = event.priority;
        self.priority_rank = event.priority_rank;
        self.source = event.source;
        self.category = event.category;
        self.request_type = event.request_type;
        self.tags = event.tags;
        self.custom_fields = event.custom_fields;
        self.assignment = event.assignment;
    }

    fn assigned(&mut self, from: Assignment, to: Assignment, reason: Option<String>) {
        self.assignment = to.clone();
        self.assignments.push(AssignmentChange { from, to, reason });
    }

    fn said(&mut self, internal: bool, message: Said, attachments: &[Attachment]) {
        let (id, author, body, html) = message;
        let known = self.messages.iter().rev().take(RECENT).find(|message| *message.author == author);
        let author = known.map_or_else(|| Arc::new(author), |message| message.author.clone());
        self.messages.push(Arc::new(Message {
            id,
            internal,
            author,
            body,
            html,
            attachments: attachments.iter().map(|attachment| attachment.id).collect(),
            edited: false,
            redacted: false,
            readers: Vec::new(),
        }));
    }

    fn moved(&mut self, to: String, category: StatusCategory) {
        self.status = to;
        self.status_category = category;
    }

    fn message_mut(&mut self, id: MessageId) -> Option<&mut Message> {
        self.messages.iter_mut().rev().find(|message| message.id == id).map(Arc::make_mut)
    }
}
