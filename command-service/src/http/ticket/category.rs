//! Change the category.

use domain::identity::Operation;
use domain::ticket::TicketCommand;
use domain::ticket::commands::ChangeCategory;
use service_kit::problem::Problem;

use crate::http::verb::{Place, Verb};

impl Verb for ChangeCategory {
    const OPERATION: Operation = Operation::ChangeCategory;
    const SUMMARY: &'static str = "Change the category";
    type Body = Self;

    fn command(body: Self, _: &Place) -> Result<TicketCommand, Problem> {
        Ok(body.into())
    }
}
