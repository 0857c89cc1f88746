//! Say who works on a ticket.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::Assign;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for Assign {
    const OPERATION: Operation = Operation::AssignTicket;
    const SUMMARY: &'static str =
        "Assign a ticket to an agent, a team or an organisation; what is not named stays";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
