//! Put tags on and take tags off.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::ChangeTags;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for ChangeTags {
    const OPERATION: Operation = Operation::ChangeTags;
    const SUMMARY: &'static str = "Put tags on and take tags off";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
