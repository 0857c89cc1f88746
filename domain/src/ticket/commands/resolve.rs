//! Resolve a ticket.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::input::Check;
use crate::personal::Personal;
use crate::tenant::StatusCategory;
use crate::ticket::workflow::Words;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Says that the ticket is solved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// What solved it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub notes: Option<Personal<String>>,
    /// Why, if that isn't plain.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Resolve {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let mut check = Check::new();
        let notes = self.notes.as_ref().map(Personal::expose);
        let notes = check.optional_text("/notes", notes, context.settings.limits.body).map(Personal::new);
        let reason = check.reason(self.reason.as_ref());
        check.finish()?;
        let words = Words { reason, notes };
        let moved = ticket.go_to_category(StatusCategory::Resolved, context.settings, words)?;
        Ok(moved.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;
    use crate::ticket::event::TicketResolved;

    #[test]
    fn with_what_solved_it() {
        let notes = Some(Personal::new("New cartridge.".to_owned()));
        given([opened()]).when(agent(), Resolve { notes: notes.clone(), reason: None }).then([
            TicketResolved {
                from: "new".to_owned(),
                from_category: StatusCategory::New,
                to: "resolved".to_owned(),
                to_category: StatusCategory::Resolved,
                reason: None,
                notes,
            },
        ]);
    }

    #[test]
    fn twice_is_nothing_to_do() {
        given([opened(), resolved()]).when(agent(), Resolve::default()).nothing();
    }

    #[test]
    fn a_closed_ticket_is_not_resolved() {
        given([opened(), resolved(), closed()]).when(agent(), Resolve::default()).refused(
            TicketError::TransitionNotAllowed {
                from: "closed".to_owned(),
                to: Some("resolved".to_owned()),
                allowed: vec!["open".to_owned(), "in_progress".to_owned()],
            },
        );
    }

    #[test]
    fn customers_do_not_resolve() {
        given([opened()]).when(customer(), Resolve::default()).forbidden();
    }
}
