//! Escalate a ticket.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::Escalate;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for Escalate {
    const OPERATION: Operation = Operation::EscalateTicket;
    const SUMMARY: &'static str = "Escalate a ticket to a role or an agent; the level is counted";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
