//! Add a calendar.

use domain::identity::Operation;
use domain::input::FieldError;
use domain::sla::SlaCommand;
use domain::sla::calendar::CalendarSpec;
use domain::sla::commands::AddCalendar;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::http::configuration::{Configures, Fields, Said};
use crate::http::merge_patch::with;

impl Configures for AddCalendar {
    const OPERATION: Operation = Operation::AddCalendar;
    const SUMMARY: &'static str = "Add a calendar";
    type Body = Fields;
    type Schema = NewCalendar;

    fn command(_: Said, body: Fields) -> Result<SlaCommand, FieldError> {
        Ok(Self::read(body)?.into())
    }
}

/// A calendar with its key.
pub(in crate::http) struct NewCalendar;

impl PartialSchema for NewCalendar {
    fn schema() -> RefOr<Schema> {
        let key = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[a-z0-9_-]{1,64}$"))
            .description(Some("How policies name it, unique in the tenant"));
        with::<CalendarSpec>("key", key, true)
    }
}

impl ToSchema for NewCalendar {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        CalendarSpec::schemas(schemas);
    }
}
