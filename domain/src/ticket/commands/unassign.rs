//! Take a ticket off whoever works on it.

use serde::Deserialize;
use utoipa::ToSchema;

use super::parts;
use crate::ticket::event::TicketUnassigned;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Takes a ticket off its agent, team and organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unassign {
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Unassign {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, _context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let reason = parts::reason(self.reason.as_ref())?;
        if ticket.assignment.is_empty() {
            return Ok(vec![]);
        }
        Ok(vec![TicketUnassigned { from: ticket.assignment.clone(), reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    #[test]
    fn nobody_has_it_any_more() {
        given([opened(), assigned("bob", "desk")])
            .when(agent(), Unassign { reason: Some("on leave".to_owned()) })
            .then([TicketUnassigned {
                from: assignment(Some("bob"), Some("desk")),
                reason: Some("on leave".to_owned()),
            }]);
    }

    #[test]
    fn from_nobody_is_nothing_to_do() {
        given([opened()]).when(agent(), Unassign::default()).nothing();
    }

    #[test]
    fn reasons_are_checked() {
        given([opened()])
            .when(agent(), Unassign { reason: Some("\u{0}".to_owned()) })
            .invalid([("/reason", "invalid_character")]);
    }
}
