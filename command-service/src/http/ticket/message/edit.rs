//! Change a message's text.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::{EditMessage, EditMessageBody};
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for EditMessage {
    const OPERATION: Operation = Operation::EditMessage;
    const SUMMARY: &'static str = "Change a message's text; the former text stays in its history";
    type Body = EditMessageBody;

    fn command(body: EditMessageBody, place: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.of(place.message()?).into())
    }
}
