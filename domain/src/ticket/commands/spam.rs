//! Mark a ticket as spam.

use serde::Deserialize;
use utoipa::ToSchema;

use super::parts;
use crate::ticket::event::TicketMarkedSpam;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Marks a ticket as spam; of staff it takes only notes then, until the mark is off. Customers don't notice.
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
    use crate::personal::Personal;
    use crate::ticket::commands::testing::*;
    use crate::ticket::commands::{ChangeSubject, Delete, Reply, Resolve};

    #[test]
    fn marked_once() {
        given([opened()]).when(agent(), MarkSpam::default()).then([TicketMarkedSpam { reason: None }]);
        given([opened(), spam()]).when(agent(), MarkSpam::default()).nothing();
        given([opened()]).when(customer(), MarkSpam::default()).forbidden();
    }

    #[test]
    fn customers_do_not_notice() {
        for customer in [customer(), with_roles("carl", &["client_admin"])] {
            let reply = Reply { body: Personal::new("Anybody there?".to_owned()), ..Reply::default() };
            let kept = given([opened(), spam()]).when(customer.clone(), reply.clone()).events();
            assert_eq!(kept.len(), given([opened()]).when(customer, reply).events().len());
            let ticket = ticket_of([opened(), spam()].into_iter().chain(kept));
            assert!(ticket.spam);
        }
    }

    #[test]
    fn spam_is_not_worked_on() {
        let subject = ChangeSubject::default();
        given([opened(), spam()]).when(agent(), Resolve::default()).refused(TicketError::Spam);
        given([opened(), spam()]).when(agent(), subject).refused(TicketError::Spam);
        assert_eq!(given([opened(), spam()]).when(lead(), Delete::default()).events().len(), 1);
    }
}
