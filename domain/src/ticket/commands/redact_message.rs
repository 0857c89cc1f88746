//! Take a message's text out of sight.

use serde::Deserialize;
use utoipa::ToSchema;

use super::parts;
use crate::ids::MessageId;
use crate::ticket::event::MessageRedacted;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Takes a message's text out of sight, for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedactMessage {
    /// The message.
    pub message_id: MessageId,
    /// Why.
    pub reason: Option<String>,
}

/// Why a message is redacted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedactMessageBody {
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl RedactMessageBody {
    /// The command for this message.
    pub fn of(self, message_id: MessageId) -> RedactMessage {
        RedactMessage { message_id, reason: self.reason }
    }
}

impl RedactMessage {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let message =
            ticket.message_for(self.message_id, context.actor).ok_or(TicketError::MessageNotFound)?;
        let reason = parts::reason(self.reason.as_ref())?;
        if message.redacted {
            return Ok(vec![]);
        }
        Ok(vec![MessageRedacted { message_id: message.id, internal: message.internal, reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    fn redact(number: u128) -> RedactMessage {
        RedactMessageBody { reason: Some("a password".to_owned()) }.of(message(number))
    }

    #[test]
    fn a_lead_takes_it_out_of_sight() {
        let events = [opened(), reply_by(&customer(), 1)];
        given(events).when(lead(), redact(1)).then([MessageRedacted {
            message_id: message(1),
            internal: false,
            reason: Some("a password".to_owned()),
        }]);
    }

    #[test]
    fn the_text_is_gone_from_the_ticket() {
        let ticket = ticket_of([opened(), reply_by(&customer(), 1), redacted(1)]);
        assert!(ticket.messages[0].redacted);
        assert_eq!(ticket.messages[0].body.expose(), "");
    }

    #[test]
    fn agents_and_customers_do_not_redact() {
        for somebody in [agent(), customer(), with_roles("c", &["client_admin"])] {
            given([opened(), reply_by(&customer(), 1)]).when(somebody, redact(1)).forbidden();
        }
    }

    #[test]
    fn twice_is_nothing_to_do() {
        given([opened(), reply_by(&customer(), 1), redacted(1)]).when(lead(), redact(1)).nothing();
        given([opened()]).when(lead(), redact(1)).refused(TicketError::MessageNotFound);
    }
}
