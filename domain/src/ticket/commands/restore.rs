//! Take a ticket back.

use serde::Deserialize;
use utoipa::ToSchema;

use super::parts;
use crate::ticket::event::TicketRestored;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Takes a deleted ticket back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Restore {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, _context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let reason = parts::reason(self.reason.as_ref())?;
        if !ticket.deleted {
            return Ok(vec![]);
        }
        Ok(vec![TicketRestored { reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    #[test]
    fn it_is_back() {
        given([opened(), deleted()]).when(lead(), Restore::default()).then([TicketRestored { reason: None }]);
        given([opened()]).when(lead(), Restore::default()).nothing();
        let ticket = ticket_of([opened(), deleted(), TicketRestored { reason: None }.into()]);
        assert!(ticket.visible_to(&customer()));
    }
}
