//! Mark a ticket as spam.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::MarkSpam;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for MarkSpam {
    const OPERATION: Operation = Operation::MarkSpam;
    const SUMMARY: &'static str = "Mark a ticket as spam";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
