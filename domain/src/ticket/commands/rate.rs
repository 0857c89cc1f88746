//! Rate the help.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::input::Check;
use crate::personal::Personal;
use crate::tenant::StatusCategory;
use crate::ticket::event::TicketRated;
use crate::ticket::{Context, Rating, Ticket, TicketError, TicketEvent};

/// The requester's judgement. May be changed until the ticket is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// 1 (worst) to 5 (best).
    #[schema(minimum = 1, maximum = 5)]
    pub rating: i64,
    /// In the requester's words.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub comment: Option<Personal<String>>,
}

impl Rate {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        if !ticket.is_requested_by(&context.actor.user) {
            return Err(TicketError::OnlyRequester);
        }
        let mut check = Check::new();
        let value = u8::try_from(self.rating).ok().filter(|value| (1..=5).contains(value));
        if value.is_none() {
            check.fail("/rating", "out_of_range", "from 1 to 5");
        }
        let comment = self.comment.as_ref().map(Personal::expose);
        let comment =
            check.optional_text("/comment", comment, context.settings.limits.body).map(Personal::new);
        check.finish()?;
        let Some(value) = value else { return Ok(vec![]) };
        let rating = Rating { value, comment };
        if !matches!(ticket.status_category, StatusCategory::Resolved | StatusCategory::Closed) {
            return Err(TicketError::NotResolved { status: ticket.status.clone() });
        }
        if ticket.rating.as_ref() == Some(&rating) {
            return Ok(vec![]);
        }
        if ticket.rating.is_some() && ticket.status_category == StatusCategory::Closed {
            return Err(TicketError::RatingFinal);
        }
        let former_rating = ticket.rating.as_ref().map(|former| former.value);
        Ok(vec![TicketRated { rating: value, comment: rating.comment, former_rating }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    fn rate(rating: i64) -> Rate {
        Rate { rating, comment: None }
    }

    fn rated(rating: u8, former_rating: Option<u8>) -> TicketRated {
        TicketRated { rating, comment: None, former_rating }
    }

    #[test]
    fn after_resolve_and_changed_until_closed() {
        given([opened(), resolved()]).when(customer(), rate(4)).then([rated(4, None)]);
        let events = [opened(), resolved(), rated(4, None).into()];
        given(events.clone()).when(customer(), rate(5)).then([rated(5, Some(4))]);
        given(events.clone()).when(customer(), rate(4)).nothing();
        let closed = events.into_iter().chain([closed()]);
        given(closed).when(customer(), rate(5)).refused(TicketError::RatingFinal);
    }

    #[test]
    fn a_closed_ticket_takes_its_first_rating() {
        given([opened(), resolved(), closed()]).when(customer(), rate(3)).then([rated(3, None)]);
    }

    #[test]
    fn not_before_it_is_resolved() {
        given([opened()])
            .when(customer(), rate(4))
            .refused(TicketError::NotResolved { status: "new".to_owned() });
    }

    #[test]
    fn by_the_requester_alone() {
        for stranger in [agent(), lead(), with_roles("carl", &["client_admin"])] {
            given([opened(), resolved()]).when(stranger, rate(5)).refused(TicketError::OnlyRequester);
        }
        given([opened(), resolved()])
            .when(with_roles("stefan", &["customer"]), rate(5))
            .refused(TicketError::NotFound);
    }

    #[test]
    fn from_one_to_five() {
        for wrong in [0, 6, -1, 300] {
            given([opened(), resolved()])
                .when(customer(), rate(wrong))
                .invalid([("/rating", "out_of_range")]);
        }
    }
}
