//! Set custom fields.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::SetCustomFields;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for SetCustomFields {
    const OPERATION: Operation = Operation::SetCustomFields;
    const SUMMARY: &'static str = "Set custom fields by key; null takes one away";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
