//! Take the spam mark off.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::UnmarkSpam;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for UnmarkSpam {
    const OPERATION: Operation = Operation::UnmarkSpam;
    const SUMMARY: &'static str = "Take the spam mark off";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
