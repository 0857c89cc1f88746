//! Take a policy away.

use domain::identity::Operation;
use domain::input::FieldError;
use domain::sla::SlaCommand;
use domain::sla::commands::RemovePolicy;

use crate::http::configuration::{Configures, Nothing, Said};

impl Configures for RemovePolicy {
    const OPERATION: Operation = Operation::RemovePolicy;
    const SUMMARY: &'static str = "Take a policy away; for its tickets the next one that fits holds, or none";
    type Body = Nothing;
    type Schema = Nothing;

    fn command(Said { key, .. }: Said, _: Nothing) -> Result<SlaCommand, FieldError> {
        Ok(Self { key }.into())
    }
}
