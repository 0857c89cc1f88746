//! `Docket-Position` and `Docket-Min-Position`.

use axum::extract::FromRequestParts;
use axum::http::{HeaderName, HeaderValue, request::Parts};
use domain::ids::Position;

use crate::problem::Problem;

/// The position that an answer reflects, or that a command reached.
pub const POSITION: HeaderName = HeaderName::from_static("docket-position");
const MIN_POSITION: HeaderName = HeaderName::from_static("docket-min-position");

/// A position as a header's value.
pub fn position_header(position: Position) -> HeaderValue {
    HeaderValue::from(position.0)
}

/// The position that an answer must have reached, if the caller asks for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MinPosition(pub Option<Position>);

impl<S: Sync> FromRequestParts<S> for MinPosition {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(MIN_POSITION) else {
            return Ok(Self(None));
        };
        let position = value.to_str().ok().and_then(|text| text.trim().parse::<i64>().ok());
        match position {
            Some(position) if position >= 0 => Ok(Self(Some(Position(position)))),
            _ => Err(Problem::bad_request(
                "invalid_position",
                "Docket-Min-Position takes a position: a whole number, 0 or more",
            )),
        }
    }
}
