//! Take a ticket from whoever works on it.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::Unassign;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for Unassign {
    const OPERATION: Operation = Operation::UnassignTicket;
    const SUMMARY: &'static str = "Take a ticket from whoever works on it";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
