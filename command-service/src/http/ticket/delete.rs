//! Put a ticket away.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::Delete;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for Delete {
    const OPERATION: Operation = Operation::DeleteTicket;
    const SUMMARY: &'static str = "Put a ticket away; its history stays";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
