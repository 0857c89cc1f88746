//! Policies.

mod add;
mod change;
mod remove;

use utoipa::openapi::schema::{ObjectBuilder, Type};

/// How a policy's place is described.
fn place() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .description(Some("Its place in the order, from 1: the first policy that fits a ticket holds"))
}
