//! Reopen a ticket.

use serde::Deserialize;
use utoipa::ToSchema;

use super::parts;
use crate::tenant::StatusCategory;
use crate::ticket::workflow::Words;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Takes a resolved or closed ticket up again; each time is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reopen {
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Reopen {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let settings = context.settings;
        let reason = parts::reason(self.reason.as_ref())?;
        let ended = matches!(ticket.status_category, StatusCategory::Resolved | StatusCategory::Closed);
        // A second reopening finds it done; a ticket that never ended can't be reopened.
        if ticket.status == settings.reopened_status && ticket.reopen_count > 0 {
            return Ok(vec![]);
        }
        let Some(to) = settings.status(&settings.reopened_status).filter(|_| ended) else {
            return Err(ticket.no_way(Some(&settings.reopened_status), settings));
        };
        let moved = ticket.go_to(to, settings, Words { reason, notes: None })?;
        Ok(moved.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;
    use crate::ticket::event::TicketReopened;

    fn reopened(from: &str, from_category: StatusCategory, count: u32) -> TicketReopened {
        TicketReopened {
            from: from.to_owned(),
            from_category,
            to: "open".to_owned(),
            to_category: StatusCategory::Open,
            reason: None,
            count,
        }
    }

    #[test]
    fn each_time_is_counted() {
        let once = reopened("resolved", StatusCategory::Resolved, 1);
        given([opened(), resolved()]).when(agent(), Reopen::default()).then([once.clone()]);
        given([opened(), resolved(), once.into(), resolved(), closed()])
            .when(agent(), Reopen::default())
            .then([reopened("closed", StatusCategory::Closed, 2)]);
    }

    #[test]
    fn twice_is_nothing_to_do() {
        let once = reopened("resolved", StatusCategory::Resolved, 1);
        given([opened(), resolved(), once.into()]).when(agent(), Reopen::default()).nothing();
    }

    #[test]
    fn what_never_ended_is_not_reopened() {
        let refused = given([opened()]).when(agent(), Reopen::default()).error();
        assert_eq!(refused.code(), "transition_not_allowed");
    }
}
