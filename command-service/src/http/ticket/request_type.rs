//! Change the request type.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::ChangeRequestType;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for ChangeRequestType {
    const OPERATION: Operation = Operation::ChangeRequestType;
    const SUMMARY: &'static str = "Change the request type";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
