//! Take a ticket back.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::Restore;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for Restore {
    const OPERATION: Operation = Operation::RestoreTicket;
    const SUMMARY: &'static str = "Take a ticket back that was put away";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
