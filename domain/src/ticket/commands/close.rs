//! Close a ticket.

use serde::Deserialize;
use utoipa::ToSchema;

use super::parts;
use crate::tenant::StatusCategory;
use crate::ticket::workflow::Words;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Says that the ticket is done with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Close {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let words = Words { reason: parts::reason(self.reason.as_ref())?, notes: None };
        let moved = ticket.go_to_category(StatusCategory::Closed, context.settings, words)?;
        Ok(moved.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;
    use crate::ticket::event::TicketClosed;

    #[test]
    fn a_resolved_ticket_is_closed() {
        given([opened(), resolved()]).when(agent(), Close { reason: Some("no answer".to_owned()) }).then([
            TicketClosed {
                from: "resolved".to_owned(),
                from_category: StatusCategory::Resolved,
                to: "closed".to_owned(),
                to_category: StatusCategory::Closed,
                reason: Some("no answer".to_owned()),
            },
        ]);
    }

    #[test]
    fn a_new_ticket_is_not() {
        let settings = settings();
        let allowed = settings.allowed_from("new").into_iter().map(str::to_owned).collect();
        given([opened()]).when(agent(), Close::default()).refused(TicketError::TransitionNotAllowed {
            from: "new".to_owned(),
            to: Some("closed".to_owned()),
            allowed,
        });
    }

    #[test]
    fn twice_is_nothing_to_do() {
        given([opened(), resolved(), closed()]).when(agent(), Close::default()).nothing();
    }
}
