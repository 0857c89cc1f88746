//! Close a ticket.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::Close;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for Close {
    const OPERATION: Operation = Operation::CloseTicket;
    const SUMMARY: &'static str = "Close a ticket";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
