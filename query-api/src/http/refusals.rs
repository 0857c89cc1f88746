//! The refusals that every operation has in common, for the OpenAPI document.

use std::collections::BTreeMap;

use domain::ids::Position;
use service_kit::auth::AuthError;
use service_kit::problem::{MEDIA_TYPE, Problem, ProblemSchema};
use service_kit::shares::Crowded;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::error::QueryError;
use crate::parameters::BadParameter;

/// 400, 401, 403, 404, 429, 503 as problem details.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let limit = BadParameter::invalid("limit", "it should be a whole number from 1 to 200");
        let late = QueryError::NotYetVisible { wanted: Position(4712), at: Position(4711) };
        [
            (
                "A parameter, the cursor or a header can't be read; `parameter` names it.",
                QueryError::from(limit).into(),
            ),
            ("No token, or one that isn't good any more.", AuthError::Missing.into()),
            ("The role doesn't allow it.", Problem::forbidden("this needs the permission tickets.read")),
            ("No such thing, or none that the caller may know of.", Problem::not_found()),
            (
                "The caller, or the tenant, asks for more at once than they may. `Retry-After` says when to try again.",
                QueryError::from(Crowded::User(2)).into(),
            ),
            ("Not reached in time, or not available. `Retry-After` says when to try again.", late.into()),
        ]
        .into_iter()
        .map(|(description, example)| response(description, &example))
        .collect()
    }
}

/// 429 as a problem.
pub(crate) struct TooMany;

impl IntoResponses for TooMany {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let many = QueryError::TooManyStreams(Crowded::User(50)).into();
        let what = "As many streams as the user or the tenant may have at once. `Retry-After` says when to try again.";
        [response(what, &many)].into()
    }
}

fn response(description: &str, example: &Problem) -> (String, RefOr<Response>) {
    let body = serde_json::to_value(example.body(Some("019a7c1e-5b7a-7cc3-98c4-dc0c0c07398f")));
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ProblemSchema::name())))
        .example(body.ok())
        .build();
    let response = ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build();
    (example.status().as_str().to_owned(), response.into())
}
