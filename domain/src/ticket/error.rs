//! Why a command is refused, as far as the caller can do something about it.

use crate::identity::Denied;
use crate::input::FieldError;

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// No such ticket, or none that the caller may know of: the two look the same.
    #[error("there is no such ticket")]
    NotFound,
    /// No such message, or none that the caller may know of.
    #[error("there is no such message")]
    MessageNotFound,
    /// The caller's roles don't allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Only the one who asked for support may do it.
    #[error("only the requester can do this")]
    OnlyRequester,
    /// Only who wrote the message, or a lead, may do it.
    #[error("only the author or a lead can change a message")]
    OnlyAuthor,
    /// Fields that aren't taken from the caller.
    #[error("{} of the fields can't be said by you", .0.len())]
    FieldsNotPermitted(Vec<FieldError>),
    /// Customers open tickets for themselves alone.
    #[error("a customer can open tickets for themselves only")]
    OnlyForSelf,
    /// Fields are wrong.
    #[error("{} of the fields can't be taken", .0.len())]
    Invalid(Vec<FieldError>),
    /// The workflow doesn't lead there.
    #[error("the status is {from}; {}", Self::allowed_text(.allowed))]
    TransitionNotAllowed {
        /// The present status.
        from: String,
        /// The status asked for, if one was named.
        to: Option<String>,
        /// Those that may follow.
        allowed: Vec<String>,
    },
    /// A ticket with this id is there already.
    #[error("this ticket was opened already")]
    AlreadyOpened,
    /// Nobody set a number aside: a fault of the caller within Docket, not of the client.
    #[error("no number was set aside for the ticket")]
    NoNumber,
    /// The ticket was put away.
    #[error("the ticket is deleted; restore it first")]
    Deleted,
    /// The ticket is marked as spam.
    #[error("the ticket is marked as spam; take the mark off first")]
    Spam,
    /// The ticket has ended, so the customer can't reply to it.
    #[error("the ticket is {status}; open a new one")]
    Ended {
        /// Its status.
        status: String,
    },
    /// There is nothing to rate yet.
    #[error("the ticket is {status}; it can be rated when it is resolved")]
    NotResolved {
        /// Its status.
        status: String,
    },
    /// The rating can't be changed any more.
    #[error("the ticket is closed; its rating stays")]
    RatingFinal,
    /// The message's text was taken out of sight; it doesn't come back.
    #[error("the message was redacted; it can't be edited")]
    Redacted,
}

/// What sort of refusal it is: each has one HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 404.
    NotFound,
    /// 403.
    Forbidden,
    /// 422.
    Invalid,
    /// 409.
    Conflict,
    /// 500.
    Fault,
}

impl TicketError {
    /// For programs; stable.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound | Self::MessageNotFound => "not_found",
            Self::Denied(_) | Self::FieldsNotPermitted(_) => "forbidden",
            Self::OnlyRequester => "only_requester",
            Self::OnlyAuthor => "only_author",
            Self::OnlyForSelf => "only_for_self",
            Self::Invalid(_) => "validation_failed",
            Self::TransitionNotAllowed { .. } => "transition_not_allowed",
            Self::AlreadyOpened => "already_opened",
            Self::NoNumber => "internal_error",
            Self::Deleted => "ticket_deleted",
            Self::Spam => "ticket_spam",
            Self::Ended { .. } => "ticket_closed",
            Self::NotResolved { .. } => "not_resolved",
            Self::RatingFinal => "rating_final",
            Self::Redacted => "message_redacted",
        }
    }

    /// What sort of refusal it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotFound | Self::MessageNotFound => Kind::NotFound,
            Self::Denied(_)
            | Self::FieldsNotPermitted(_)
            | Self::OnlyRequester
            | Self::OnlyAuthor
            | Self::OnlyForSelf => Kind::Forbidden,
            Self::Invalid(_) => Kind::Invalid,
            Self::NoNumber => Kind::Fault,
            Self::TransitionNotAllowed { .. }
            | Self::AlreadyOpened
            | Self::Deleted
            | Self::Spam
            | Self::Ended { .. }
            | Self::NotResolved { .. }
            | Self::RatingFinal
            | Self::Redacted => Kind::Conflict,
        }
    }

    fn allowed_text(allowed: &[String]) -> String {
        if allowed.is_empty() {
            "nothing can follow it".to_owned()
        } else {
            format!("allowed from there: {}", allowed.join(", "))
        }
    }
}

impl From<Vec<FieldError>> for TicketError {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Invalid(errors)
    }
}
