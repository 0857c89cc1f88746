//! Put a ticket away.

use serde::Deserialize;
use utoipa::ToSchema;

use super::parts;
use crate::ticket::event::TicketDeleted;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Puts a ticket away. Its history stays, and it can be restored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Delete {
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Delete {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, _context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let reason = parts::reason(self.reason.as_ref())?;
        if ticket.deleted {
            return Ok(vec![]);
        }
        Ok(vec![TicketDeleted { reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;
    use crate::ticket::commands::{AddNote, Resolve};

    #[test]
    fn leads_delete_and_agents_do_not() {
        let delete = Delete { reason: Some("a test".to_owned()) };
        given([opened()])
            .when(lead(), delete.clone())
            .then([TicketDeleted { reason: Some("a test".to_owned()) }]);
        given([opened()]).when(agent(), delete.clone()).forbidden();
        given([opened()]).when(with_roles("carl", &["client_user"]), delete).forbidden();
    }

    #[test]
    fn a_deleted_ticket_refuses_everything_but_to_be_restored() {
        let events = || [opened(), deleted()];
        given(events()).when(lead(), Delete::default()).nothing();
        given(events()).when(agent(), Resolve::default()).refused(TicketError::Deleted);
        given(events()).when(agent(), AddNote::default()).refused(TicketError::Deleted);
    }

    #[test]
    fn its_requester_no_longer_knows_of_it() {
        let ticket = ticket_of([opened(), deleted()]);
        assert!(!ticket.visible_to(&customer()));
        assert!(ticket.visible_to(&agent()));
    }
}
