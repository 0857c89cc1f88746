//! Note that somebody has read a message.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::ids::MessageId;
use crate::ticket::event::MessageRead;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Notes that the caller has read a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadMessage {
    /// The message.
    pub message_id: MessageId,
}

/// Nothing: the caller is known, and the message is in the path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadMessageBody {}

impl ReadMessageBody {
    /// The command for this message.
    pub fn of(self, message_id: MessageId) -> ReadMessage {
        ReadMessage { message_id }
    }
}

impl ReadMessage {
    /// Decides. Once per reader; an author has read what they wrote.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let reader = &context.actor.user;
        let message =
            ticket.message_for(self.message_id, context.actor).ok_or(TicketError::MessageNotFound)?;
        if message.author.id == *reader || message.readers.contains(reader) {
            return Ok(vec![]);
        }
        Ok(vec![
            MessageRead { message_id: message.id, internal: message.internal, reader: reader.clone() }.into(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    fn read() -> ReadMessage {
        ReadMessageBody {}.of(message(1))
    }

    fn receipt(internal: bool, reader: &str) -> MessageRead {
        MessageRead { message_id: message(1), internal, reader: user(reader) }
    }

    #[test]
    fn each_reader_once() {
        let events = [opened(), reply_by(&agent(), 1)];
        given(events.clone()).when(customer(), read()).then([receipt(false, "carla")]);
        let after = events.into_iter().chain([receipt(false, "carla").into()]);
        given(after.clone()).when(customer(), read()).nothing();
        given(after).when(lead(), read()).then([receipt(false, "lena")]);
    }

    #[test]
    fn authors_have_read_what_they_wrote() {
        given([opened(), reply_by(&agent(), 1)]).when(agent(), read()).nothing();
    }

    #[test]
    fn notes_are_read_by_staff_alone() {
        let events = [opened(), note_by(&agent(), 1)];
        given(events.clone()).when(lead(), read()).then([receipt(true, "lena")]);
        given(events).when(customer(), read()).refused(TicketError::MessageNotFound);
    }
}
