//! Change a calendar.

use domain::identity::Operation;
use domain::input::FieldError;
use domain::sla::SlaCommand;
use domain::sla::calendar::CalendarSpec;
use domain::sla::commands::ChangeCalendar;

use crate::http::configuration::{Configures, Fields, Said};
use crate::http::merge_patch::PatchOf;

impl Configures for ChangeCalendar {
    const OPERATION: Operation = Operation::ChangeCalendar;
    const SUMMARY: &'static str = "Change what is named of a calendar; what is due is reckoned anew";
    type Body = Fields;
    type Schema = PatchOf<CalendarSpec>;

    fn command(Said { key, .. }: Said, patch: Fields) -> Result<SlaCommand, FieldError> {
        Ok(Self { key, patch }.into())
    }
}
