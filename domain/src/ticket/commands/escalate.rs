//! Escalate a ticket.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::ids::{TeamId, UserId};
use crate::input::{Check, MAX_NAME, MAX_REASON};
use crate::ticket::event::TicketEscalated;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Takes a ticket a level up: to a role, an agent or a team. Who works on it stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Escalate {
    /// To those of this role.
    #[serde(default)]
    pub to_role: Option<String>,
    /// To this agent.
    #[serde(default)]
    pub to_agent: Option<String>,
    /// To this team.
    #[serde(default)]
    pub to_team: Option<String>,
    /// Why.
    #[schema(min_length = 1)]
    pub reason: String,
}

impl Escalate {
    /// Decides. Each escalation counts, the same one too.
    pub fn decide(&self, ticket: &Ticket, _context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let mut check = Check::new();
        let to_role = self.to_role.as_ref().map(|role| check.line("/to_role", role, MAX_NAME));
        let to_agent: Option<UserId> = check.optional_id("/to_agent", self.to_agent.as_ref());
        let to_team: Option<TeamId> = check.optional_id("/to_team", self.to_team.as_ref());
        let reason = check.text("/reason", &self.reason, MAX_REASON);
        let given = [self.to_role.is_some(), self.to_agent.is_some(), self.to_team.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            check.fail("", "exactly_one", "one of to_role, to_agent and to_team");
        }
        check.finish()?;
        let level = ticket.escalation_level.saturating_add(1);
        Ok(vec![TicketEscalated { level, to_role, to_agent, to_team, reason, rule: None }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    fn to(role: Option<&str>, agent: Option<&str>) -> Escalate {
        Escalate {
            to_role: role.map(str::to_owned),
            to_agent: agent.map(str::to_owned),
            to_team: None,
            reason: "no progress".to_owned(),
        }
    }

    fn escalated(level: u32, role: Option<&str>, agent: Option<&str>) -> TicketEscalated {
        TicketEscalated {
            level,
            to_role: role.map(str::to_owned),
            to_agent: agent.map(user),
            to_team: None,
            reason: "no progress".to_owned(),
            rule: None,
        }
    }

    #[test]
    fn the_level_is_counted() {
        let first = escalated(1, Some("support_lead"), None);
        given([opened()]).when(agent(), to(Some("support_lead"), None)).then([first.clone()]);
        given([opened(), first.into()]).when(agent(), to(None, Some("maria"))).then([escalated(
            2,
            None,
            Some("maria"),
        )]);
    }

    #[test]
    fn to_one_and_with_a_reason() {
        for wrong in [to(None, None), to(Some("support_lead"), Some("maria"))] {
            given([opened()]).when(agent(), wrong).invalid([("", "exactly_one")]);
        }
        let team = TeamId::new("night").unwrap();
        let to_team = Escalate { to_team: Some("night".to_owned()), ..to(None, None) };
        let done = TicketEscalated { to_team: Some(team), ..escalated(1, None, None) };
        given([opened()]).when(agent(), to_team).then([done]);
        let silent = Escalate { reason: " ".to_owned(), ..to(None, Some("maria")) };
        given([opened()]).when(agent(), silent).invalid([("/reason", "required")]);
        given([opened()]).when(customer(), to(None, Some("maria"))).forbidden();
    }
}
