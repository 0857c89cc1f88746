//! Add a policy.

use domain::identity::Operation;
use domain::input::FieldError;
use domain::sla::SlaCommand;
use domain::sla::commands::AddPolicy;
use domain::sla::policy::PolicySpec;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::place;
use crate::http::configuration::{Configures, Fields, Said};
use crate::http::merge_patch::with;

impl Configures for AddPolicy {
    const OPERATION: Operation = Operation::AddPolicy;
    const SUMMARY: &'static str = "Add a policy; it comes first, unless its place is said";
    type Body = Fields;
    type Schema = NewPolicy;

    fn command(_: Said, body: Fields) -> Result<SlaCommand, FieldError> {
        Ok(Self::read(body)?.into())
    }
}

/// A policy with its place.
pub(in crate::http) struct NewPolicy;

impl PartialSchema for NewPolicy {
    fn schema() -> RefOr<Schema> {
        with::<PolicySpec>("place", place(), false)
    }
}

impl ToSchema for NewPolicy {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        PolicySpec::schemas(schemas);
    }
}
