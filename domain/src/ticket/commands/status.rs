//! Move a ticket through the workflow.

use serde::Deserialize;
use utoipa::ToSchema;

use super::parts::unknown;
use crate::identity::{Denied, Permission};
use crate::input::Check;
use crate::tenant::StatusCategory;
use crate::ticket::workflow::Words;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Sets the status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeStatus {
    /// A key of the tenant's workflow.
    pub status: String,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl ChangeStatus {
    /// Decides. Where the change resolves, closes, reopens or cancels, the event says so.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let settings = context.settings;
        let mut check = Check::new();
        let reason = check.reason(self.reason.as_ref());
        let to = settings.status(&self.status);
        if to.is_none() {
            unknown(&mut check, "/status", settings.statuses.iter().map(|known| &known.key));
        }
        check.finish()?;
        let Some(to) = to else { return Ok(vec![]) };
        if ends_or_reopens(ticket.status_category, to.category)
            && !context.actor.has(Permission::TicketsClose)
        {
            return Err(Denied::Missing(Permission::TicketsClose).into());
        }
        let moved = ticket.go_to(to, settings, Words { reason, notes: None })?;
        Ok(moved.into_iter().collect())
    }
}

/// Whether a move is one that has a verb, and a permission, of its own.
fn ends_or_reopens(from: StatusCategory, to: StatusCategory) -> bool {
    from != to && (from.is_done() || to.is_done())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;
    use crate::ticket::event::{StatusChanged, TicketCancelled, TicketReopened, TicketResolved};

    fn to(status: &str) -> ChangeStatus {
        ChangeStatus { status: status.to_owned(), reason: None }
    }

    #[test]
    fn along_the_workflow() {
        given([opened()]).when(agent(), to("in_progress")).then([StatusChanged {
            from: "new".to_owned(),
            from_category: StatusCategory::New,
            to: "in_progress".to_owned(),
            to_category: StatusCategory::Open,
            reason: None,
        }]);
    }

    #[test]
    fn what_has_a_name_gets_it() {
        given([opened()]).when(agent(), to("resolved")).then([TicketResolved {
            from: "new".to_owned(),
            from_category: StatusCategory::New,
            to: "resolved".to_owned(),
            to_category: StatusCategory::Resolved,
            reason: None,
            notes: None,
        }]);
        given([opened()]).when(agent(), to("cancelled")).then([TicketCancelled {
            from: "new".to_owned(),
            from_category: StatusCategory::New,
            to: "cancelled".to_owned(),
            to_category: StatusCategory::Cancelled,
            reason: None,
        }]);
        given([opened(), resolved()]).when(agent(), to("in_progress")).then([TicketReopened {
            from: "resolved".to_owned(),
            from_category: StatusCategory::Resolved,
            to: "in_progress".to_owned(),
            to_category: StatusCategory::Open,
            reason: None,
            count: 1,
        }]);
    }

    #[test]
    fn the_same_is_nothing_to_do() {
        given([opened()]).when(agent(), to("new")).nothing();
    }

    #[test]
    fn off_the_workflow_names_what_is_allowed() {
        let refused = TicketError::TransitionNotAllowed {
            from: "closed".to_owned(),
            to: Some("new".to_owned()),
            allowed: vec!["open".to_owned(), "in_progress".to_owned()],
        };
        assert_eq!(refused.to_string(), "the status is closed; allowed from there: open, in_progress");
        given([opened(), resolved(), closed()]).when(agent(), to("new")).refused(refused);
    }

    #[test]
    fn an_unknown_status_is_no_transition() {
        given([opened()]).when(agent(), to("limbo")).invalid([("/status", "unknown_value")]);
    }

    #[test]
    fn a_client_user_changes_no_status_and_a_client_admin_does() {
        given([opened()]).when(with_roles("carl", &["client_user"]), to("open")).forbidden();
        let admin = with_roles("carl", &["client_admin"]);
        assert_eq!(given([opened()]).when(admin, to("open")).events().len(), 1);
    }

    #[test]
    fn to_end_a_ticket_needs_its_own_permission() {
        let mut limited = agent();
        limited.permissions =
            limited.permissions.within(crate::identity::Permissions::of(&[Permission::TicketsUpdate]));
        given([opened()]).when(limited.clone(), to("resolved")).forbidden();
        assert_eq!(given([opened()]).when(limited, to("open")).events().len(), 1);
    }
}
