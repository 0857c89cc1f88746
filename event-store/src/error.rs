//! What can go wrong with the log, by what the caller can do about it.

/// Why the log didn't do it.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The log can't be reached, or was lost while the answer was under way: whether an append
    /// landed isn't known. A retry with the same idempotency key is safe. To clients: 503.
    #[error("the event log is unavailable")]
    Unavailable(#[source] Option<sqlx::Error>),
    /// More appends are waiting than the queue takes. Nothing was appended. To clients: 503.
    #[error("the event log is overloaded")]
    Overloaded,
    /// The log refused this command's data (a bug of the caller's). Nothing of it was appended.
    #[error("the event log refused the data")]
    Refused(#[source] sqlx::Error),
    /// An event of the stream can't be read.
    #[error("an event can't be read")]
    Unreadable(#[from] domain::event::UnreadableEvent),
    /// An event that can't be written as JSON.
    #[error("an event can't be encoded")]
    Encode(#[from] serde_json::Error),
}

impl LogError {
    /// Sorts an error of Postgres by what the caller can do.
    pub(crate) fn of(error: sqlx::Error) -> Self {
        if refuses_data(&error) { Self::Refused(error) } else { Self::Unavailable(Some(error)) }
    }

    /// Whether trying again later can help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Overloaded)
    }
}

/// Data exceptions (class 22), violated constraints (23), and values of the wrong kind (42) are
/// the statement's own fault; the statement has been rolled back, and would be again.
pub(crate) fn refuses_data(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| ["22", "23", "42"].iter().any(|class| code.starts_with(class)))
        }
        sqlx::Error::Encode(_) => true,
        _ => false,
    }
}
