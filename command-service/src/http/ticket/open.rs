//! Open a ticket.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::Open;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for Open {
    const OPERATION: Operation = Operation::OpenTicket;
    const SUMMARY: &'static str = "Open a ticket; agents may open one for somebody else";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
