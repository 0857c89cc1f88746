//! Why a caller isn't let in.

use axum::http::{HeaderValue, StatusCode};

use crate::problem::Problem;

/// Why a token wasn't taken. Never repeats the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is none.
    #[error("there is no bearer token")]
    Missing,
    /// Its time is over. Get a new one.
    #[error("the token has expired")]
    Expired,
    /// It can't be taken, and why.
    #[error("the token can't be taken: {0}")]
    Invalid(&'static str),
    /// The issuer's keys have never been read. Try again.
    #[error("the issuer's keys can't be read at the moment")]
    KeysUnavailable,
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        let (code, challenge) = match error {
            AuthError::Missing => ("token_missing", "Bearer realm=\"docket\""),
            AuthError::Expired => (
                "token_expired",
                "Bearer realm=\"docket\", error=\"invalid_token\", error_description=\"expired\"",
            ),
            AuthError::Invalid(_) => ("token_invalid", "Bearer realm=\"docket\", error=\"invalid_token\""),
            AuthError::KeysUnavailable => return Problem::unavailable(1).detail(error.to_string()),
        };
        Problem::new(StatusCode::UNAUTHORIZED, code, "Who you are can't be told")
            .detail(error.to_string())
            .challenge(HeaderValue::from_static(challenge))
    }
}
