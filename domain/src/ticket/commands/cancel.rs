//! Cancel a ticket.

use serde::Deserialize;
use utoipa::ToSchema;

use super::parts;
use crate::tenant::StatusCategory;
use crate::ticket::workflow::Words;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Ends the ticket without a solution, where the workflow has such an end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Cancel {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let words = Words { reason: parts::reason(self.reason.as_ref())?, notes: None };
        let moved = ticket.go_to_category(StatusCategory::Cancelled, context.settings, words)?;
        Ok(moved.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::profile;
    use crate::ticket::commands::testing::*;
    use crate::ticket::event::TicketCancelled;

    #[test]
    fn where_the_workflow_has_such_an_end() {
        given([opened()]).when(agent(), Cancel::default()).then([TicketCancelled {
            from: "new".to_owned(),
            from_category: StatusCategory::New,
            to: "cancelled".to_owned(),
            to_category: StatusCategory::Cancelled,
            reason: None,
        }]);
    }

    #[test]
    fn and_not_where_it_has_none() {
        let mut ticket = ticket_of([opened()]);
        ticket.status = "open".to_owned();
        let saas = profile("saas").unwrap();
        assert_eq!(
            decide_with(&saas, &ticket, &agent(), Cancel::default()),
            Err(TicketError::TransitionNotAllowed {
                from: "open".to_owned(),
                to: None,
                allowed: vec!["in_progress".to_owned(), "resolved".to_owned()],
            })
        );
    }

    #[test]
    fn a_resolved_ticket_is_not_cancelled() {
        let refused = given([opened(), resolved()]).when(agent(), Cancel::default()).error();
        assert_eq!(refused.code(), "transition_not_allowed");
    }
}
