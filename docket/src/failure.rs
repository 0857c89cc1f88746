//! Why a command failed: one line that says what, and what to do.

use crate::data_dir::DataDirError;
use crate::engines::EngineError;

/// Printed on standard error; the exit code is 1.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{0}")]
    Said(String),
    #[error("{what}")]
    Because { what: String, source: Box<dyn std::error::Error + Send + Sync> },
}

/// What a command gives back.
pub(crate) type Outcome = Result<(), Failure>;

/// Says what was being done when something failed.
pub(crate) trait While<T> {
    /// The failure's text, before its cause.
    fn while_doing(self, what: &str) -> Result<T, Failure>;
}

impl<T, E: Into<Box<dyn std::error::Error + Send + Sync>>> While<T> for Result<T, E> {
    fn while_doing(self, what: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure::Because { what: what.to_owned(), source: error.into() })
    }
}

impl Failure {
    /// A failure in these words.
    pub(crate) fn said(text: impl Into<String>) -> Self {
        Self::Said(text.into())
    }

    /// The whole chain in one line.
    pub(crate) fn line(&self) -> String {
        let mut line = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let text = error.to_string();
            if !line.contains(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            cause = error.source();
        }
        line.replace('\n', " ")
    }
}
