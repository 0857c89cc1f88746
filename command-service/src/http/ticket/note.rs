//! Add an internal note.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::AddNote;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for AddNote {
    const OPERATION: Operation = Operation::AddNote;
    const SUMMARY: &'static str = "Add a note that no customer sees";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
