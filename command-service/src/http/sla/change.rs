//! Change policies and calendars at once.

use domain::identity::Operation;
use domain::input::FieldError;
use domain::sla::calendar::CalendarSpec;
use domain::sla::commands::ChangeSla;
use domain::sla::{Configuration, SlaCommand};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::http::configuration::{Configures, Fields, Said};
use crate::http::merge_patch::{PatchOf, with};

impl Configures for ChangeSla {
    const OPERATION: Operation = Operation::ChangeSla;
    const SUMMARY: &'static str = "Change policies, calendars and auto close at once: all of it, or nothing";
    type Body = Fields;
    type Schema = SlaPatch;

    fn command(_: Said, patch: Fields) -> Result<SlaCommand, FieldError> {
        Ok(Self { patch }.into())
    }
}

/// A patch on all that is configured.
pub(in crate::http) struct SlaPatch;

impl PartialSchema for SlaPatch {
    fn schema() -> RefOr<Schema> {
        let calendar = OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(Type::Null))
            .item(Ref::from_schema_name(PatchOf::<CalendarSpec>::name()));
        let calendars = ObjectBuilder::new()
            .additional_properties(Some(Schema::from(calendar)))
            .description(Some("Calendars by key: those that aren't named stay, null takes one away"));
        with::<PatchOf<Configuration>>("calendars", calendars, false)
    }
}

impl ToSchema for SlaPatch {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Configuration::schemas(schemas);
        schemas.push((PatchOf::<CalendarSpec>::name().into_owned(), PatchOf::<CalendarSpec>::schema()));
    }
}
