//! Take holidays over from an iCalendar file.

use domain::identity::Operation;
use domain::input::FieldError;
use domain::sla::SlaCommand;
use domain::sla::commands::{ImportHolidays, ImportHolidaysBody};

use crate::http::configuration::Configures;

impl Configures for ImportHolidays {
    const OPERATION: Operation = Operation::ImportHolidays;
    const SUMMARY: &'static str = "Add the holidays of an iCalendar file; dates that are there stay";
    type Body = ImportHolidaysBody;
    type Schema = ImportHolidaysBody;

    fn command(key: String, body: ImportHolidaysBody) -> Result<SlaCommand, FieldError> {
        Ok(Self { key, body }.into())
    }
}
