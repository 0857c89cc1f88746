//! Take a calendar away.

use domain::identity::Operation;
use domain::input::FieldError;
use domain::sla::SlaCommand;
use domain::sla::commands::RemoveCalendar;

use crate::http::configuration::{Configures, Nothing, Said};

impl Configures for RemoveCalendar {
    const OPERATION: Operation = Operation::RemoveCalendar;
    const SUMMARY: &'static str = "Take a calendar away; one that a policy counts by stays";
    type Body = Nothing;
    type Schema = Nothing;

    fn command(Said { key, .. }: Said, _: Nothing) -> Result<SlaCommand, FieldError> {
        Ok(Self { key }.into())
    }
}
