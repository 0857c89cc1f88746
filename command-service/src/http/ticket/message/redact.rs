//! Take a message's text out of sight.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::{RedactMessage, RedactMessageBody};
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for RedactMessage {
    const OPERATION: Operation = Operation::RedactMessage;
    const SUMMARY: &'static str = "Take a message's text out of sight";
    type Body = RedactMessageBody;

    fn command(body: RedactMessageBody, place: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.of(place.message()?).into())
    }
}
