//! Say who is to answer: the own desk, an organisation, or both.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::ids::OrganizationId;
use crate::input::Check;
use crate::ticket::event::{Routing, TicketRouted};
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Routes a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Who is to answer.
    pub routing: Routing,
    /// The organisation, for `organization` and `hybrid`; if none is named, the one that has it.
    #[serde(default)]
    pub organization: Option<String>,
}

impl Route {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, _context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let mut check = Check::new();
        let named: Option<OrganizationId> = check.optional_id("/organization", self.organization.as_ref());
        let to_organization = match self.routing {
            Routing::Internal => {
                if self.organization.is_some() {
                    let why = "an internal ticket goes to no organisation";
                    check.fail("/organization", "not_allowed", why);
                }
                None
            }
            Routing::Organization | Routing::Hybrid => {
                if self.organization.is_none() && ticket.routed_to.is_none() {
                    check.fail("/organization", "required", "which organisation is to answer");
                }
                named.or_else(|| ticket.routed_to.clone())
            }
        };
        check.finish()?;
        if self.routing == ticket.routing && to_organization == ticket.routed_to {
            return Ok(vec![]);
        }
        Ok(vec![
            TicketRouted {
                from: ticket.routing,
                to: self.routing,
                from_organization: ticket.routed_to.clone(),
                to_organization,
            }
            .into(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    fn to(routing: Routing, organization: Option<&str>) -> Route {
        Route { routing, organization: organization.map(str::to_owned) }
    }

    fn routed(from: (Routing, Option<&str>), to: (Routing, Option<&str>)) -> TicketRouted {
        TicketRouted {
            from: from.0,
            to: to.0,
            from_organization: from.1.map(organization),
            to_organization: to.1.map(organization),
        }
    }

    #[test]
    fn there_and_back() {
        let there = routed((Routing::Internal, None), (Routing::Organization, Some("choir")));
        given([opened()]).when(agent(), to(Routing::Organization, Some("choir"))).then([there.clone()]);
        let events = [opened(), there.into()];
        given(events.clone())
            .when(agent(), to(Routing::Hybrid, None))
            .then([routed((Routing::Organization, Some("choir")), (Routing::Hybrid, Some("choir")))]);
        given(events.clone())
            .when(agent(), to(Routing::Internal, None))
            .then([routed((Routing::Organization, Some("choir")), (Routing::Internal, None))]);
        given(events).when(agent(), to(Routing::Organization, Some("choir"))).nothing();
    }

    #[test]
    fn an_organisation_where_one_is_to_answer_and_nowhere_else() {
        for routing in [Routing::Organization, Routing::Hybrid] {
            given([opened()]).when(agent(), to(routing, None)).invalid([("/organization", "required")]);
        }
        given([opened()])
            .when(agent(), to(Routing::Internal, Some("choir")))
            .invalid([("/organization", "not_allowed")]);
    }

    #[test]
    fn its_staff_see_it_then_and_not_before() {
        let mut theirs = with_roles("olga", &["org_support"]);
        theirs.organization = Some(organization("choir"));
        let there = routed((Routing::Internal, None), (Routing::Organization, Some("choir")));
        assert!(!ticket_of([opened()]).visible_to(&theirs));
        assert!(ticket_of([opened(), there.into()]).visible_to(&theirs));
    }
}
