//! The refusals that every operation has in common, for the OpenAPI document.

use std::collections::BTreeMap;

use service_kit::problem::{MEDIA_TYPE, ProblemSchema};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

/// 400, 401, 403, 404, 503 as problem details.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [
            ("400", "A parameter, the cursor or a header can't be read; `parameter` names it."),
            ("401", "No token, or one that isn't good any more."),
            ("403", "The role doesn't allow it."),
            ("404", "No such thing, or none that the caller may know of."),
            ("503", "Not reached in time (`not_yet_visible`), or not available. `Retry-After` says when to try again."),
        ]
        .into_iter()
        .map(|(status, description)| {
            let content = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(ProblemSchema::name())))
                .build();
            let response =
                ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build();
            (status.to_owned(), response.into())
        })
        .collect()
    }
}
