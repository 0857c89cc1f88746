//! Cancel a ticket.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::Cancel;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for Cancel {
    const OPERATION: Operation = Operation::CancelTicket;
    const SUMMARY: &'static str = "End a ticket without a solution";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
