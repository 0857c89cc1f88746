//! Why a command isn't carried out, and how the caller is told.

use axum::http::StatusCode;
use domain::export::ExportError;
use domain::identity::Denied;
use domain::ids::Version;
use domain::sla::SlaError;
use domain::tenant::TenantError;
use domain::ticket::{Kind, TicketError};
use event_store::LogError;
use service_kit::problem::Problem;
use service_kit::shares::Crowded;

/// Why a command wasn't carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The token names a tenant that doesn't exist.
    #[error("the tenant doesn't exist")]
    UnknownTenant,
    /// The domain refused it.
    #[error(transparent)]
    Refused(#[from] TicketError),
    /// The domain refused a change of policies or calendars.
    #[error(transparent)]
    Sla(#[from] SlaError),
    /// The domain refused a change of the tenant.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// The domain doesn't record an export like this.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The ticket, or whatever it is on, isn't at the version that the caller wanted.
    #[error("it is at version {actual}")]
    VersionMismatch {
        /// The version that it is at.
        actual: Version,
    },
    /// The same idempotency key is at work at this moment. Try again.
    #[error("a command with this idempotency key is still running")]
    InProgress,
    /// The idempotency key stands for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Others were faster, again and again. Try again.
    #[error("too many writers at once")]
    Contended,
    /// There was no time for the work that it takes. Try again.
    #[error("there is too much to do at the moment")]
    Overloaded,
    /// The caller, their tenant, or all together want more at once than they may have.
    #[error("too much at once")]
    Crowded(#[from] Crowded),
    /// It took too long; whether it was carried out isn't known. Try again with the same key.
    #[error("the command took too long")]
    TimedOut,
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The tenant's settings can't be worked with: a fault of whoever let them through.
    #[error("the tenant's settings can't be used: {0}")]
    Settings(String),
}

impl CommandError {
    /// How it counts in metrics.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Log(LogError::Unreadable(_)) => "unreadable",
            Self::Contended | Self::Overloaded | Self::TimedOut | Self::Log(_) | Self::Settings(_) => {
                "failed"
            }
            _ => "refused",
        }
    }
}

impl From<Denied> for CommandError {
    fn from(denied: Denied) -> Self {
        Self::Refused(denied.into())
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let (status, code, title) = match &error {
            CommandError::UnknownTenant => {
                return Self::new(StatusCode::FORBIDDEN, "unknown_tenant", "Not permitted")
                    .detail(error.to_string());
            }
            CommandError::Refused(refused) => return refusal(refused),
            CommandError::Sla(refused) => return sla_refusal(refused),
            CommandError::Tenant(TenantError::Reporting(errors)) => {
                return Self::validation(errors.iter().cloned().map(Into::into).collect());
            }
            // The other refusals are of tenants that are to be created, which have their own answers.
            CommandError::Tenant(_) => return Self::not_found(),
            CommandError::Export(ExportError::Invalid(errors)) => {
                return Self::validation(errors.iter().cloned().map(Into::into).collect());
            }
            CommandError::VersionMismatch { actual } => {
                return Self::new(
                    StatusCode::PRECONDITION_FAILED,
                    "version_mismatch",
                    "It has changed since",
                )
                .detail(error.to_string())
                .with("version", actual.0);
            }
            CommandError::InProgress => (StatusCode::CONFLICT, "command_in_progress", "Still running"),
            CommandError::KeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", "The key was used before")
            }
            CommandError::Crowded(crowded) => return (*crowded).into(),
            CommandError::Log(LogError::Overloaded) | CommandError::Contended | CommandError::Overloaded => {
                return overloaded();
            }
            CommandError::TimedOut => return Self::unavailable(1).detail(error.to_string()),
            CommandError::Log(log) if log.is_transient() => return Self::unavailable(1),
            // Nothing of the event is told: it may not be the caller's to know.
            CommandError::Log(LogError::Unreadable(_)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a stream can't be read");
                return Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "stream_unreadable",
                    "What has happened to it can't be read",
                )
                .detail(
                    "Its history has an event that this version of Docket can't read, so nothing can be decided on it; \
                     everything else goes on. Trying again doesn't help: give an operator the request's id.",
                );
            }
            CommandError::Log(_) | CommandError::Settings(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a command failed");
                return Self::internal();
            }
        };
        let problem = Self::new(status, code, title).detail(error.to_string());
        if status == StatusCode::CONFLICT { problem.retry_after(1) } else { problem }
    }
}

/// 503: others are to be done first.
pub(crate) fn overloaded() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too much to do at the moment").retry_after(1)
}

fn refusal(error: &TicketError) -> Problem {
    match (error.kind(), error) {
        // One body for what isn't there and for what the caller may not know of.
        (Kind::NotFound, _) => Problem::not_found(),
        (Kind::Invalid, TicketError::Invalid(errors)) => {
            Problem::validation(errors.iter().cloned().map(Into::into).collect())
        }
        (Kind::Forbidden, TicketError::FieldsNotPermitted(errors)) => {
            Problem::forbidden(error.to_string()).errors(errors.iter().cloned().map(Into::into).collect())
        }
        (Kind::Forbidden, _) => {
            Problem::new(StatusCode::FORBIDDEN, error.code(), "Not permitted").detail(error.to_string())
        }
        (Kind::Conflict, TicketError::TransitionNotAllowed { from, allowed, .. }) => {
            conflict(error).with("current_status", from.clone()).with("allowed", allowed.clone())
        }
        (Kind::Conflict, _) => conflict(error),
        (Kind::Invalid | Kind::Fault, _) => {
            tracing::error!(%error, "a decision failed");
            Problem::internal()
        }
    }
}

fn conflict(error: &TicketError) -> Problem {
    Problem::new(StatusCode::CONFLICT, error.code(), "The ticket's state doesn't allow it")
        .detail(error.to_string())
}

fn sla_refusal(error: &SlaError) -> Problem {
    let conflict =
        |code, title: &'static str| Problem::new(StatusCode::CONFLICT, code, title).detail(error.to_string());
    match error {
        SlaError::NotFound(_) => Problem::not_found(),
        SlaError::Exists { .. } => conflict("exists", "It is there already"),
        SlaError::InUse { policies, .. } => {
            conflict("calendar_in_use", "Policies count by the calendar").with("policies", policies.clone())
        }
        SlaError::Invalid(errors) => Problem::validation(errors.iter().cloned().map(Into::into).collect()),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn what_can_be_tried_again_says_when() {
        for (error, status, code) in [
            (CommandError::Log(LogError::Overloaded), 503, "overloaded"),
            (CommandError::Log(LogError::Unavailable(None)), 503, "unavailable"),
            (CommandError::Contended, 503, "overloaded"),
            (CommandError::Overloaded, 503, "overloaded"),
            (CommandError::TimedOut, 503, "unavailable"),
            (CommandError::InProgress, 409, "command_in_progress"),
        ] {
            let problem = Problem::from(error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(problem.into_response().headers().contains_key(header::RETRY_AFTER));
        }
    }

    #[test]
    fn a_stream_that_cannot_be_read_has_a_code_of_its_own() {
        let unreadable = domain::event::UnreadableEvent::EventType("TicketFlown".to_owned());
        let error = CommandError::Log(LogError::Unreadable(unreadable));
        assert_eq!(error.outcome(), "unreadable");
        let problem = Problem::from(error);
        assert_eq!((problem.status().as_u16(), problem.code()), (500, "stream_unreadable"));
        let body = serde_json::to_string(&problem.body(None)).unwrap_or_default();
        assert!(!body.contains("TicketFlown"), "{body}");
    }

    #[test]
    fn faults_say_nothing_of_themselves() {
        let fault = Problem::from(CommandError::Settings("secret".into()));
        assert_eq!((fault.status().as_u16(), fault.code()), (500, "internal"));
        let body = serde_json::to_string(&fault.body(None)).unwrap_or_default();
        assert!(!body.contains("secret"));
    }
}
