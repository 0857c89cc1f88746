//! Parameters of the path and of the query, with the refused one named.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::text;

/// The path's parameters. A path that can't be read names nothing: 404.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S, T> FromRequestParts<S> for Path<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // Percent-encoding that is no UTF-8 is refused first, as axum would answer in its own form.
        RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| Problem::not_found())
    }
}

/// The query's parameters. Those that are unknown or malformed are 400 `invalid_parameter`, named.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<T>(pub T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let axum::extract::Query(pairs) =
            axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
                .map_err(|_| Problem::bad_request("invalid_parameter", "the query can't be read"))?;
        if let Some((name, _)) = pairs.iter().find(|(_, value)| value.contains('\0')) {
            return Err(invalid(name, "has a NUL character"));
        }
        text::read(pairs).map(Self).map_err(|error| match error.name {
            Some(name) => invalid(&name, &error.why),
            None => Problem::bad_request("invalid_parameter", error.why),
        })
    }
}

fn invalid(name: &str, why: &str) -> Problem {
    Problem::bad_request("invalid_parameter", format!("{name}: {why}")).with("parameter", name)
}
