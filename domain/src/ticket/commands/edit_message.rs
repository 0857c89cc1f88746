//! Change a message's text.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::identity::Permission;
use crate::ids::MessageId;
use crate::input::{Check, Markup};
use crate::personal::Personal;
use crate::ticket::event::MessageEdited;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Changes a message's text. The former text stays in its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditMessage {
    /// The message.
    pub message_id: MessageId,
    /// Its new text.
    pub text: EditMessageBody,
}

/// A message's new text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditMessageBody {
    /// The text.
    #[schema(value_type = String, min_length = 1)]
    pub body: Personal<String>,
    /// The text with its markup; it is made safe. Markup that would take too much to make safe is refused.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub html: Option<Markup>,
}

impl EditMessageBody {
    /// The command for this message.
    pub fn of(self, message_id: MessageId) -> EditMessage {
        EditMessage { message_id, text: self }
    }
}

impl EditMessage {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let actor = context.actor;
        let message = ticket.message_for(self.message_id, actor).ok_or(TicketError::MessageNotFound)?;
        // Who may take a message out of sight may also put it right.
        let lead = actor.is_staff() && actor.has(Permission::TicketsDelete);
        if message.author.id != actor.user && !lead {
            return Err(TicketError::OnlyAuthor);
        }
        if message.redacted {
            return Err(TicketError::Redacted);
        }
        let max = context.settings.limits.body;
        let mut check = Check::new();
        let body = Personal::new(check.text("/body", self.text.body.expose(), max));
        let html = check.html("/html", self.text.html.as_ref(), max);
        check.finish()?;
        if body == message.body && html == message.html {
            return Ok(vec![]);
        }
        Ok(vec![
            MessageEdited {
                message_id: message.id,
                internal: message.internal,
                former_body: message.body.clone(),
                former_html: message.html.clone(),
                body,
                html,
            }
            .into(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    fn edit(number: u128, text: &str) -> EditMessage {
        EditMessageBody { body: Personal::new(text.to_owned()), html: None }.of(message(number))
    }

    fn edited(internal: bool) -> MessageEdited {
        MessageEdited {
            message_id: message(1),
            internal,
            former_body: Personal::new("Hello".to_owned()),
            former_html: None,
            body: Personal::new("Good day".to_owned()),
            html: None,
        }
    }

    #[test]
    fn the_author_keeps_the_former_text_in_history() {
        given([opened(), reply_by(&customer(), 1)])
            .when(customer(), edit(1, "Good day"))
            .then([edited(false)]);
        given([opened(), note_by(&agent(), 1)]).when(agent(), edit(1, "Good day")).then([edited(true)]);
    }

    #[test]
    fn leads_may_and_others_may_not() {
        let events = || [opened(), reply_by(&agent(), 1)];
        given(events()).when(lead(), edit(1, "Good day")).then([edited(false)]);
        for other in [customer(), with_roles("a2", &["support_agent"]), with_roles("c", &["client_admin"])] {
            given(events()).when(other, edit(1, "Good day")).refused(TicketError::OnlyAuthor);
        }
    }

    #[test]
    fn the_same_text_is_nothing_to_do() {
        given([opened(), reply_by(&agent(), 1)]).when(agent(), edit(1, "Hello")).nothing();
    }

    #[test]
    fn redacted_text_does_not_come_back() {
        given([opened(), reply_by(&agent(), 1), redacted(1)])
            .when(agent(), edit(1, "Hello"))
            .refused(TicketError::Redacted);
    }

    #[test]
    fn a_customer_knows_of_no_notes() {
        let events = || [opened(), note_by(&agent(), 1)];
        for id in [1, 7] {
            given(events()).when(customer(), edit(id, "x")).refused(TicketError::MessageNotFound);
        }
    }
}
