//! Resolve a ticket.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::Resolve;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for Resolve {
    const OPERATION: Operation = Operation::ResolveTicket;
    const SUMMARY: &'static str = "Resolve a ticket, with notes on what solved it";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
