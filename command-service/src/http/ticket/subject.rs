//! Change the subject.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::ChangeSubject;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for ChangeSubject {
    const OPERATION: Operation = Operation::ChangeSubject;
    const SUMMARY: &'static str = "Change the subject";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
