//! What each event makes of the conversation.

use chrono::{DateTime, Utc};
use domain::ids::MessageId;
use domain::metadata::Actor;
use domain::personal::Personal;
use domain::ticket::event::{self, MessageEdited, MessageRedacted, TicketEvent};
use uuid::Uuid;

use super::{Added, Attachment, Edit, Message, Receipt};
use crate::entry::Fact;
use crate::row::{Json, TextArray, Working};

/// A message's kind, as the column holds it.
const COMMENT: &str = "comment";
const NOTE: &str = "note";

/// Folds one fact.
pub(super) fn apply(messages: &mut Working<Uuid, Message>, added: &mut Added, fact: &Fact<'_>) {
    let Some((ticket, event)) = fact.ticket() else { return };
    match event {
        TicketEvent::ReplyAdded(event) => {
            let mut message = message(ticket, event.message_id, COMMENT, &event.author, &event.body, fact);
            message.html = event.html.clone().map(Personal::into_inner);
            message.canned_response.clone_from(&event.canned_response);
            message.attachments = Json(event.attachments.iter().map(shown).collect());
            added.attachments.extend(files(&message, &event.attachments));
            messages.put(message.id, message);
        }
        TicketEvent::NoteAdded(event) => {
            let mut message = message(ticket, event.message_id, NOTE, &event.author, &event.body, fact);
            message.html = event.html.clone().map(Personal::into_inner);
            message.mentions = TextArray(event.mentions.iter().map(ToString::to_string).collect());
            message.attachments = Json(event.attachments.iter().map(shown).collect());
            added.attachments.extend(files(&message, &event.attachments));
            messages.put(message.id, message);
        }
        TicketEvent::MessageEdited(event) => {
            if let Some(message) = messages.change(event.message_id.0) {
                added.edits.push(edit(message, event, fact));
            }
        }
        TicketEvent::MessageRedacted(event) => {
            if let Some(message) = messages.change(event.message_id.0) {
                redact(message, event, fact);
                for edit in added.edits.iter_mut().filter(|edit| edit.message_id == message.id) {
                    edit.former_body.clear();
                    edit.former_html = None;
                }
                added.attachments.retain(|file| file.message_id != message.id);
                added.redacted.push((message.id, ticket));
            }
        }
        TicketEvent::MessageRead(event) => added.reads.push(Receipt {
            message_id: event.message_id.0,
            reader: event.reader.to_string(),
            tenant_id: fact.tenant(),
            ticket_id: ticket,
            reader_kind: fact.actor().kind.as_str().to_owned(),
            internal: event.internal,
            read_at: fact.occurred_at(),
            position: fact.position(),
        }),
        _ => {}
    }
}

fn message(
    ticket: Uuid,
    id: MessageId,
    kind: &str,
    author: &Actor,
    body: &Personal<String>,
    fact: &Fact<'_>,
) -> Message {
    Message {
        id: id.0,
        tenant_id: fact.tenant(),
        ticket_id: ticket,
        kind: kind.to_owned(),
        author_id: author.id.to_string(),
        author_kind: author.kind.as_str().to_owned(),
        author_name: author.name.clone().map(Personal::into_inner),
        body: body.expose().clone(),
        created_at: fact.occurred_at(),
        position: fact.position(),
        changed_position: fact.position(),
        ..Message::default()
    }
}

fn edit(message: &mut Message, event: &MessageEdited, fact: &Fact<'_>) -> Edit {
    let (at, by) = changed(message, fact);
    message.body.clone_from(event.body.expose());
    message.html = event.html.clone().map(Personal::into_inner);
    message.edits += 1;
    message.edited_at = Some(at);
    message.edited_by = Some(by.id.to_string());
    message.edited_by_name = by.name.clone().map(Personal::into_inner);
    Edit {
        position: fact.position(),
        tenant_id: message.tenant_id,
        ticket_id: message.ticket_id,
        message_id: message.id,
        former_body: event.former_body.expose().clone(),
        former_html: event.former_html.clone().map(Personal::into_inner),
        edited_at: at,
        edited_by: by.id.to_string(),
        edited_by_name: message.edited_by_name.clone(),
    }
}

fn redact(message: &mut Message, event: &MessageRedacted, fact: &Fact<'_>) {
    let (at, by) = changed(message, fact);
    message.body.clear();
    message.html = None;
    message.attachments = Json(Vec::new());
    message.redacted = true;
    message.redacted_at = Some(at);
    message.redacted_by = Some(by.id.to_string());
    message.redaction_reason.clone_from(&event.reason);
}

fn changed<'a>(message: &mut Message, fact: &Fact<'a>) -> (DateTime<Utc>, &'a Actor) {
    message.changed_position = fact.position();
    (fact.occurred_at(), fact.actor())
}

fn shown(attachment: &event::Attachment) -> serde_json::Value {
    serde_json::json!({
        "id": attachment.id,
        "name": attachment.name,
        "content_type": attachment.content_type,
        "size": size(attachment),
    })
}

/// Its size as a column holds it. Older logs have sizes beyond that.
fn size(attachment: &event::Attachment) -> i64 {
    i64::try_from(attachment.size).unwrap_or(i64::MAX)
}

fn files<'a>(
    message: &Message,
    attachments: &'a [event::Attachment],
) -> impl Iterator<Item = Attachment> + use<'a> {
    let (tenant_id, ticket_id, message_id) = (message.tenant_id, message.ticket_id, message.id);
    let (internal, created_at, position) = (message.kind == NOTE, message.created_at, message.position);
    (0..).zip(attachments).map(move |(ordinal, attachment)| Attachment {
        tenant_id,
        ticket_id,
        position,
        ordinal,
        id: attachment.id.0,
        message_id,
        name: attachment.name.expose().clone(),
        content_type: attachment.content_type.clone(),
        size: size(attachment),
        internal,
        created_at,
    })
}
