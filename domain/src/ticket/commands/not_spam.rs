//! Take the mark of spam off.

use serde::Deserialize;
use utoipa::ToSchema;

use super::parts;
use crate::ticket::event::TicketUnmarkedSpam;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Says that a ticket is no spam after all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnmarkSpam {
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl UnmarkSpam {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, _context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let reason = parts::reason(self.reason.as_ref())?;
        if !ticket.spam {
            return Ok(vec![]);
        }
        Ok(vec![TicketUnmarkedSpam { reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    #[test]
    fn the_mark_comes_off() {
        given([opened(), spam()])
            .when(agent(), UnmarkSpam::default())
            .then([TicketUnmarkedSpam { reason: None }]);
        given([opened()]).when(agent(), UnmarkSpam::default()).nothing();
    }
}
