//! What can go wrong with a query, and how the caller learns of it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::identity::Denied;
use domain::ids::Position;
use service_kit::problem::Problem;
use service_kit::shares::Crowded;

use crate::cursor::InvalidCursor;
use crate::parameters::BadParameter;

/// Why a query wasn't answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueryError {
    /// It doesn't exist, or the caller may not know of it.
    #[error("not found")]
    NotFound,
    /// A parameter was refused.
    #[error("a parameter was refused")]
    Parameter(#[from] BadParameter),
    /// A parameter is for staff alone.
    #[error("{0} is for staff")]
    StaffOnly(&'static str),
    /// The operation asks for more here than it does by itself.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The caller, their tenant, or all together want more at once than they may have.
    #[error("too many requests at once")]
    Crowded(#[from] Crowded),
    /// As many exports as may are running.
    #[error("too many exports at once")]
    TooManyExports(Crowded),
    /// Nobody could record the export.
    #[error("the export can't be recorded")]
    NotRecorded,
    /// As many streams as there may be are open.
    #[error("too many streams at once")]
    TooManyStreams(Crowded),
    /// The cursor was refused.
    #[error("the cursor was refused")]
    Cursor(#[from] InvalidCursor),
    /// The read model hasn't come as far as the caller asked, in the time that they gave.
    #[error("the read model is at {at}, and {wanted} was asked for")]
    NotYetVisible {
        /// What was asked for.
        wanted: Position,
        /// How far it is.
        at: Position,
    },
    /// A read model can't go on with the ticket.
    #[error("the ticket is parked at {at} since {since}, and {wanted} was asked for")]
    Parked {
        /// What was asked for.
        wanted: Position,
        /// How far the ticket is shown.
        at: Position,
        /// Since when.
        since: DateTime<Utc>,
    },
    /// `as_of` names a time or a position that isn't there yet.
    #[error("as_of lies in the future")]
    AsOfInFuture,
    /// The tenant of the token doesn't exist.
    #[error("unknown tenant")]
    UnknownTenant,
    /// An answer can't be written as JSON.
    #[error("an answer can't be written")]
    Unwritten(#[from] serde_json::Error),
    /// The database didn't answer, or not in time.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::NotFound => Problem::not_found(),
            QueryError::Parameter(bad @ BadParameter::TooMany) => {
                Problem::bad_request("too_many_parameters", bad.to_string())
            }
            QueryError::Parameter(bad) => {
                let code = match bad {
                    BadParameter::Unknown { .. } => "unknown_parameter",
                    BadParameter::Invalid { .. } | BadParameter::TooMany => "invalid_parameter",
                };
                Problem::bad_request(code, bad.to_string()).with("parameter", bad.name())
            }
            QueryError::StaffOnly(parameter) => {
                Problem::forbidden(format!("{parameter} is for staff.")).with("parameter", parameter)
            }
            QueryError::Denied(denied) => Problem::forbidden(denied.to_string()),
            QueryError::Crowded(crowded) => crowded.into(),
            QueryError::TooManyExports(crowded) => {
                crowded.problem("too_many_exports", "Other exports have to end first", 5)
            }
            QueryError::NotRecorded => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "export_not_recorded",
                "The export can't be recorded, so there is none",
            )
            .detail("Each export is recorded before it leaves, and that is not possible at the moment.")
            .retry_after(5),
            QueryError::TooManyStreams(crowded) => {
                crowded.problem("too_many_streams", "Other streams have to end first", 5)
            }
            QueryError::Cursor(bad) => {
                Problem::bad_request("invalid_cursor", bad.to_string()).with("parameter", "cursor")
            }
            QueryError::NotYetVisible { wanted, at } => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "not_yet_visible",
                "The read model hasn't come so far yet",
            )
            .detail(format!("Position {wanted} was asked for; the read model is at {at}."))
            .with("position", at.0)
            .retry_after(1),
            QueryError::Parked { wanted, at, since } => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "not_yet_visible",
                "What happened to the ticket isn't shown for the time being",
            )
            .detail(format!(
                "Position {wanted} was asked for; the ticket is shown up to {at}. An event of it can't be applied, and \
                 waits for an operator: `docket parked list`. Without Docket-Min-Position it is shown as it was before."
            ))
            .with("reason", "ticket_parked")
            .with("position", at.0)
            .with("parked_since", since.to_rfc3339_opts(SecondsFormat::Micros, true))
            .retry_after(60),
            QueryError::AsOfInFuture => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "as_of_in_future",
                "That moment hasn't come yet",
            )
            .detail("as_of takes a time in the past, or a position up to the log's head.")
            .with("parameter", "as_of"),
            QueryError::UnknownTenant => {
                Problem::new(StatusCode::FORBIDDEN, "unknown_tenant", "The token's tenant doesn't exist")
            }
            QueryError::Unwritten(error) => {
                tracing::error!(%error, "an answer can't be written");
                Problem::internal()
            }
            QueryError::Database(error) => database_problem(&error),
        }
    }
}

/// A database that is away or overloaded is 503; a statement of ours that it refuses is 500.
fn database_problem(error: &sqlx::Error) -> Problem {
    if is_of_another_version(error) {
        tracing::error!(%error, "a read model of another version was asked");
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "read_model_rebuilding",
            "The read model is being rebuilt for this version of Docket",
        )
        .detail(
            "`docket status` and /v1/projections show how far it is; commands and the log's answers go on.",
        )
        .retry_after(5);
    }
    let ours = match error {
        // 57014 is the statement timeout, 55P03 the lock timeout, 53xxx a lack of resources, 57Pxx and
        // 08xxx an engine that stops, starts or is gone.
        sqlx::Error::Database(refused) => !refused.code().is_some_and(|code| {
            matches!(&*code, "57014" | "55P03")
                || ["53", "57P", "08"].iter().any(|class| code.starts_with(class))
        }),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => false,
        _ => true,
    };
    if ours {
        tracing::error!(%error, "a query failed");
        Problem::internal()
    } else {
        tracing::warn!(%error, "the database doesn't answer");
        Problem::unavailable(1)
    }
}

/// Whether a column, table or function that a statement names isn't there (42703, 42P01, 42883). Statements are checked
/// against the tables of this version, so the database has those of another: after an upgrade a read model is
/// built anew beside the one that is there.
fn is_of_another_version(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("42703" | "42P01" | "42883"))
}

impl IntoResponse for QueryError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_parameter_is_named() {
        let problem = Problem::from(QueryError::from(BadParameter::invalid("limit", "no")));
        assert_eq!((problem.status(), problem.code()), (StatusCode::BAD_REQUEST, "invalid_parameter"));
        let body = serde_json::to_value(problem.body(None)).unwrap();
        assert_eq!(body["parameter"], "limit");
    }

    #[test]
    fn a_database_that_is_away_is_no_error_of_ours() {
        assert_eq!(
            Problem::from(QueryError::from(sqlx::Error::PoolTimedOut)).status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
        assert_eq!(
            Problem::from(QueryError::from(sqlx::Error::RowNotFound)).status(),
            StatusCode::INTERNAL_SERVER_ERROR
        );
    }
}
