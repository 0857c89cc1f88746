//! Rate the help.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::Rate;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for Rate {
    const OPERATION: Operation = Operation::RateTicket;
    const SUMMARY: &'static str = "Rate the help from 1 to 5; the requester alone, after it was resolved";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
