//! Who asks, and how fresh the answer has to be.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use domain::identity::{Principal, Visibility};
use domain::ids::Position;
use service_kit::http::{MinPosition, Wait};
use service_kit::problem::Problem;
use utoipa::IntoParams;

use crate::error::QueryError;
use crate::parameters::FromParameters;

/// A caller whose token was verified and whose role allows the operation. The router's layer puts
/// them there; a handler behind no such layer gets nobody.
#[derive(Clone, Debug)]
pub(crate) struct Permitted(pub(crate) Arc<Principal>, pub(crate) Token);

/// The token that a caller showed, to be looked at again while they stay.
#[derive(Clone)]
pub(crate) struct Token(Arc<str>);

impl Token {
    pub(crate) fn new(token: &str) -> Self {
        Self(token.into())
    }

    /// As it was shown.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

/// A permitted caller, with the position that they need to see.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    /// Who.
    pub(crate) principal: Arc<Principal>,
    /// The position that the answer has to reflect.
    pub(crate) min_position: Option<Position>,
    /// How long they wait for it.
    pub(crate) wait: Duration,
    /// The same, if they said so themselves.
    pub(crate) asked_to_wait: Option<Duration>,
    /// The answers that they have already, by `If-None-Match`.
    kept: Option<String>,
    /// What shows who they are.
    pub(crate) token: Token,
}

impl Asking {
    /// Docket itself asks, for an operator.
    pub(crate) fn by_docket(principal: Arc<Principal>, min_position: Position, wait: Duration) -> Self {
        let (min_position, token) = (Some(min_position), Token::new(""));
        Self { principal, min_position, wait, asked_to_wait: None, kept: None, token }
    }

    /// The same, of an answer that reflects this position at least.
    pub(crate) fn at_least(self, position: Position) -> Self {
        Self { min_position: self.min_position.max(Some(position)), ..self }
    }

    /// Whether they have the answer that is known by this (RFC 9110, 13.1.2: compared weakly).
    pub(crate) fn has(&self, tag: &str) -> bool {
        let kept = self.kept.as_deref().unwrap_or_default().split(',').map(str::trim);
        kept.map(|one| one.strip_prefix("W/").unwrap_or(one)).any(|one| one == tag || one == "*")
    }

    /// What decides which rows somebody sees, for cursors to be bound to.
    pub(crate) fn view(&self) -> (String, &str, Visibility, Option<&str>, bool) {
        let principal = &*self.principal;
        let organization = principal.organization.as_ref().map(domain::ids::OrganizationId::as_str);
        (
            principal.tenant.to_string(),
            principal.user.as_str(),
            principal.visibility(),
            organization,
            principal.sees_notes(),
        )
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Some(Permitted(principal, token)) = parts.extensions.get::<Permitted>().cloned() else {
            tracing::error!(path = parts.uri.path(), "a route without authorisation");
            return Err(Problem::internal());
        };
        let MinPosition(min_position) = MinPosition::from_request_parts(parts, state).await?;
        let kept = parts.headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        let kept = kept.map(str::to_owned);
        let asked_to_wait = Wait::asked(&parts.headers);
        let wait = asked_to_wait.unwrap_or(Wait::DEFAULT);
        Ok(Self { principal, min_position, wait, asked_to_wait, kept, token })
    }
}

/// The headers that every query takes.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents what `Asking` reads")]
pub(crate) struct Freshness {
    /// Answer once the read model has reached this position, such as a command's `Docket-Position`;
    /// 503 `not_yet_visible` if it doesn't in time.
    #[param(rename = "Docket-Min-Position", minimum = 0, example = 4711)]
    min_position: Option<i64>,
    /// `wait=N`: how many seconds to wait for that; 2 unless said, 10 at most.
    #[param(rename = "Prefer", example = "wait=5")]
    prefer: Option<String>,
}

/// The query's parameters, with unknown and malformed ones refused by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Sync, T: FromParameters> FromRequestParts<S> for Asked<T> {
    type Rejection = QueryError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, QueryError> {
        Ok(Self(T::read(parts.uri.query())?))
    }
}
