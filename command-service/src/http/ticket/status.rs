//! Change the status.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::ChangeStatus;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for ChangeStatus {
    const OPERATION: Operation = Operation::ChangeStatus;
    const SUMMARY: &'static str = "Move a ticket to another status of the tenant's workflow";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
