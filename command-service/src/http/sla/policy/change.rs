//! Change a policy, or its place in the order.

use domain::identity::Operation;
use domain::input::FieldError;
use domain::sla::SlaCommand;
use domain::sla::commands::ChangePolicy;
use domain::sla::policy::PolicySpec;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::place;
use crate::http::configuration::{Configures, Fields, Said};
use crate::http::merge_patch::{PatchOf, with};

impl Configures for ChangePolicy {
    const OPERATION: Operation = Operation::ChangePolicy;
    const SUMMARY: &'static str = "Change what is named of a policy, or its place";
    type Body = Fields;
    type Schema = PolicyPatch;

    fn command(Said { key, .. }: Said, patch: Fields) -> Result<SlaCommand, FieldError> {
        Ok(Self::read(key, patch)?.into())
    }
}

/// A patch on a policy, with its new place.
pub(in crate::http) struct PolicyPatch;

impl PartialSchema for PolicyPatch {
    fn schema() -> RefOr<Schema> {
        with::<PatchOf<PolicySpec>>("place", place(), false)
    }
}

impl ToSchema for PolicyPatch {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        PolicySpec::schemas(schemas);
    }
}
