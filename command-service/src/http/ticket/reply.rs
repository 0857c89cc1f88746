//! Reply, for the customer to read.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::Reply;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for Reply {
    const OPERATION: Operation = Operation::ReplyToTicket;
    const SUMMARY: &'static str =
        "Reply publicly; a customer's reply reopens a resolved ticket, and ends the wait for the customer";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
