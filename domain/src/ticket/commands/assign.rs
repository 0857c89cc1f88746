//! Say who works on a ticket.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::ids::{OrganizationId, TeamId, UserId};
use crate::input::Check;
use crate::ticket::event::{Assignment, TicketAssigned};
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Assigns a ticket. What isn't named stays: an agent can change within the same team.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// To this agent.
    #[serde(default)]
    pub agent: Option<String>,
    /// To this team.
    #[serde(default)]
    pub team: Option<String>,
    /// To this organisation.
    #[serde(default)]
    pub organization: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Assign {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, _context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let mut check = Check::new();
        let agent: Option<UserId> = check.optional_id("/agent", self.agent.as_ref());
        let team: Option<TeamId> = check.optional_id("/team", self.team.as_ref());
        let organization: Option<OrganizationId> =
            check.optional_id("/organization", self.organization.as_ref());
        let reason = check.reason(self.reason.as_ref());
        if self.agent.is_none() && self.team.is_none() && self.organization.is_none() {
            check.fail("", "required", "one of agent, team and organization");
        }
        check.finish()?;
        let from = &ticket.assignment;
        let to = Assignment {
            agent: agent.or_else(|| from.agent.clone()),
            team: team.or_else(|| from.team.clone()),
            organization: organization.or_else(|| from.organization.clone()),
        };
        if to == *from {
            return Ok(vec![]);
        }
        Ok(vec![TicketAssigned { from: from.clone(), to, reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    fn to(agent: Option<&str>, team: Option<&str>) -> Assign {
        Assign { agent: agent.map(str::to_owned), team: team.map(str::to_owned), ..Assign::default() }
    }

    #[test]
    fn to_an_agent_of_a_team() {
        given([opened()]).when(agent(), to(Some("bob"), Some("desk"))).then([TicketAssigned {
            from: Assignment::default(),
            to: assignment(Some("bob"), Some("desk")),
            reason: None,
        }]);
    }

    #[test]
    fn what_is_not_named_stays() {
        given([opened(), assigned("bob", "desk")]).when(agent(), to(Some("eve"), None)).then([
            TicketAssigned {
                from: assignment(Some("bob"), Some("desk")),
                to: assignment(Some("eve"), Some("desk")),
                reason: None,
            },
        ]);
    }

    #[test]
    fn to_the_same_is_nothing_to_do() {
        given([opened(), assigned("bob", "desk")]).when(agent(), to(Some("bob"), None)).nothing();
    }

    #[test]
    fn to_nobody_is_refused() {
        given([opened()]).when(agent(), Assign::default()).invalid([("", "required")]);
        given([opened()]).when(agent(), to(Some(""), None)).invalid([("/agent", "invalid_length")]);
        given([opened()]).when(agent(), to(Some("a\0"), None)).invalid([("/agent", "invalid_character")]);
    }

    #[test]
    fn customers_do_not_assign() {
        given([opened()]).when(customer(), to(Some("bob"), None)).forbidden();
    }
}
