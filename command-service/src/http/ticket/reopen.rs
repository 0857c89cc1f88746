//! Reopen a ticket.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::Reopen;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for Reopen {
    const OPERATION: Operation = Operation::ReopenTicket;
    const SUMMARY: &'static str = "Reopen a resolved or closed ticket; it is counted";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
