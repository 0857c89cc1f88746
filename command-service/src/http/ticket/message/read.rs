//! Note that a message was read.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::{ReadMessage, ReadMessageBody};
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for ReadMessage {
    const OPERATION: Operation = Operation::MarkMessageRead;
    const SUMMARY: &'static str = "Note that the caller has read a message";
    type Body = ReadMessageBody;

    fn command(body: ReadMessageBody, place: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.of(place.message()?).into())
    }
}
