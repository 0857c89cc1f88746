//! One command of a batch.

use domain::ids::{MessageId, Version};
use domain::input::locate;
use domain::ticket::TicketCommand;
use serde_json::{Map, Value};
use service_kit::http::parse;
use service_kit::problem::{FieldError, Problem};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::executor::{IdempotencyKey, Target, TicketRef};

/// One command: its `type`, what the path of its own endpoint names, and the fields of its body.
#[derive(ToSchema)]
#[schema(as = BulkCommand)]
#[expect(dead_code, reason = "describes the body for the OpenAPI document")]
pub(super) struct ItemSchema {
    /// The verb: `open`, `assign`, `reply` and so on.
    r#type: String,
    /// The ticket: its id or its number. Not for `open`.
    id: Option<String>,
    /// The message, for the verbs on a message.
    message_id: Option<Uuid>,
    /// Only if the ticket is at this version.
    if_match: Option<i64>,
    /// The fields of the command's own body.
    #[serde(flatten)]
    body: std::collections::HashMap<String, Value>,
}

/// One command, read.
pub(super) struct Item {
    pub(super) target: Target,
    pub(super) command: TicketCommand,
    pub(super) if_match: Option<Version>,
    pub(super) idempotency: Option<IdempotencyKey>,
}

impl Item {
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        let mut fields: Map<String, Value> = parse(text.as_bytes())?;
        let kind: String = match fields.remove("type") {
            Some(Value::String(kind)) => kind,
            Some(_) => return Err(wrong("/type", "wrong_type", "a verb is wanted")),
            None => return Err(wrong("/type", "required", "a verb is wanted")),
        };
        let target = if kind == "open" { Target::New } else { Target::Ticket(ticket(&mut fields)?) };
        let message = message(&mut fields)?;
        let if_match = if_match(&mut fields)?;
        let body = Value::Object(fields);
        let unknown = || {
            let known = TicketCommand::KINDS.join(", ");
            vec![FieldError::new("/type", "unknown_value", format!("one of: {known}"))]
        };
        if !TicketCommand::KINDS.contains(&kind.as_str()) {
            return Err(Problem::validation(unknown()));
        }
        let command = locate(body, |body| match TicketCommand::read(&kind, message, body) {
            Some(read) => read,
            None => Err(serde::de::Error::custom("there is no such verb")),
        })
        .map_err(|located| Problem::validation(vec![located.into()]))?;
        Ok(Self { target, command, if_match, idempotency: None })
    }
}

fn ticket(fields: &mut Map<String, Value>) -> Result<TicketRef, Problem> {
    match fields.remove("id") {
        // What can be no ticket's name names none.
        Some(Value::String(text)) => TicketRef::parse(&text).ok_or_else(Problem::not_found),
        Some(_) => Err(wrong("/id", "wrong_type", "the ticket's id or number is wanted")),
        None => Err(wrong("/id", "required", "the ticket's id or number is wanted")),
    }
}

fn message(fields: &mut Map<String, Value>) -> Result<Option<MessageId>, Problem> {
    match fields.remove("message_id") {
        Some(Value::String(text)) => text.parse().map(Some).map_err(|_| Problem::not_found()),
        Some(_) => Err(wrong("/message_id", "wrong_type", "the message's id is wanted")),
        None => Ok(None),
    }
}

fn if_match(fields: &mut Map<String, Value>) -> Result<Option<Version>, Problem> {
    match fields.remove("if_match") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_i64() {
            Some(version) if version >= 0 => Ok(Some(Version(version))),
            _ => Err(wrong("/if_match", "wrong_type", "a version is wanted: a whole number")),
        },
    }
}

fn wrong(pointer: &str, code: &'static str, detail: &str) -> Problem {
    Problem::validation(vec![FieldError::new(pointer, code, detail)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_its_type_its_ticket_and_its_fields() {
        let item = Item::read(r#"{"type":"assign","id":"TKT-1","agent":"bob","if_match":3}"#).unwrap();
        assert_eq!(item.target, Target::Ticket(TicketRef::Number("TKT-1".into())));
        assert_eq!(item.if_match, Some(Version(3)));
        assert_eq!(item.command.kind(), "assign");
        let item = Item::read(r#"{"type":"open","subject":"a","description":"b"}"#).unwrap();
        assert_eq!(item.target, Target::New);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, status) in [
            ("{}", 422),
            (r#"{"type":"fly","id":"TKT-1"}"#, 422),
            (r#"{"type":"assign","agent":"bob"}"#, 422),
            (r#"{"type":"assign","id":"","agent":"bob"}"#, 404),
            (r#"{"type":"assign","id":"TKT-1","colour":1}"#, 422),
            (r#"{"type":"assign","id":"TKT-1","agent":"bob","agent":"eve"}"#, 422),
            (r#"{"type":"custom_fields","id":"TKT-1","a":{"b":1,"b":2}}"#, 422),
            (r#"{"type":"open","id":"TKT-1","subject":"a","description":"b"}"#, 422),
            (r#"{"type":"edit_message","id":"TKT-1","body":"x"}"#, 422),
            (r#"{"type":"assign","id":"TKT-1","agent":"bob","if_match":"x"}"#, 422),
            ("[]", 422),
        ] {
            let problem = Item::read(text).err().unwrap();
            assert_eq!(problem.status().as_u16(), status, "{text}");
        }
    }
}
