//! Change the priority.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::ChangePriority;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for ChangePriority {
    const OPERATION: Operation = Operation::ChangePriority;
    const SUMMARY: &'static str = "Change the priority";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
