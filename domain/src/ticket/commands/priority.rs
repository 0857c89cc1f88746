//! Change the priority.

use serde::Deserialize;
use utoipa::ToSchema;

use super::parts::unknown;
use crate::input::Check;
use crate::ticket::event::PriorityChanged;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Sets the priority.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePriority {
    /// A key of the tenant's priorities.
    pub priority: String,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl ChangePriority {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let settings = context.settings;
        let mut check = Check::new();
        let reason = check.reason(self.reason.as_ref());
        let to = settings.priority(&self.priority);
        if to.is_none() {
            unknown(&mut check, "/priority", settings.priorities.iter().map(|known| &known.key));
        }
        check.finish()?;
        Ok(to
            .filter(|to| to.key != ticket.priority)
            .map(|to| ticket.prioritised(to, reason))
            .into_iter()
            .collect())
    }
}

impl Ticket {
    /// The event that says that the priority is another now.
    pub(crate) fn prioritised(&self, to: &crate::tenant::Priority, reason: Option<String>) -> TicketEvent {
        PriorityChanged {
            from: self.priority.clone(),
            from_rank: self.priority_rank,
            to: to.key.clone(),
            to_rank: to.rank,
            reason,
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    fn to(priority: &str) -> ChangePriority {
        ChangePriority { priority: priority.to_owned(), reason: Some("outage".to_owned()) }
    }

    #[test]
    fn old_and_new_are_kept() {
        given([opened()]).when(agent(), to("critical")).then([PriorityChanged {
            from: "medium".to_owned(),
            from_rank: 3,
            to: "critical".to_owned(),
            to_rank: 1,
            reason: Some("outage".to_owned()),
        }]);
    }

    #[test]
    fn the_same_is_nothing_to_do() {
        given([opened()]).when(agent(), to("medium")).nothing();
    }

    #[test]
    fn it_must_be_one_of_the_tenants() {
        given([opened()]).when(agent(), to("meteoric")).invalid([("/priority", "unknown_value")]);
    }

    #[test]
    fn a_client_user_changes_none() {
        given([opened()]).when(with_roles("carl", &["client_user"]), to("high")).forbidden();
    }
}
