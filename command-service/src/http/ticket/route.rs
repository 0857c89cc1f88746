//! Say who is to answer.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::Route;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for Route {
    const OPERATION: Operation = Operation::RouteTicket;
    const SUMMARY: &'static str = "Route a ticket internally, to an organisation, or to both";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
