//! Mark a ticket as spam.

use serde::Deserialize;
use utoipa::ToSchema;

use super::parts;
use crate::ticket::event::TicketMarkedSpam;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Marks a ticket as spam; it takes only notes then, until the mark is off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkSpam {
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl MarkSpam {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, _context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let reason = parts::reason(self.reason.as_ref())?;
        if ticket.spam {
            return Ok(vec![]);
        }
        Ok(vec![TicketMarkedSpam { reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;
    use crate::ticket::commands::{ChangeSubject, Delete, Resolve};

    #[test]
    fn marked_once() {
        given([opened()]).when(agent(), MarkSpam::default()).then([TicketMarkedSpam { reason: None }]);
        given([opened(), spam()]).when(agent(), MarkSpam::default()).nothing();
        given([opened()]).when(customer(), MarkSpam::default()).forbidden();
    }

    #[test]
    fn spam_is_not_worked_on() {
        let subject = ChangeSubject::default();
        given([opened(), spam()]).when(agent(), Resolve::default()).refused(TicketError::Spam);
        given([opened(), spam()]).when(agent(), subject).refused(TicketError::Spam);
        assert_eq!(given([opened(), spam()]).when(lead(), Delete::default()).events().len(), 1);
    }
}
