//! Markup as a command bears it.

use serde::Deserialize;

use super::html::{self, Excess};
use crate::personal::Personal;

/// Markup from outside. To make it safe takes work, so whoever carries commands out has it done beforehand,
/// where it holds up nobody ([`Markup::made_safe`]); a decision does it itself otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Personal<String>")]
pub struct Markup {
    given: Personal<String>,
    safe: Option<Result<Personal<String>, Excess>>,
}

impl From<Personal<String>> for Markup {
    fn from(given: Personal<String>) -> Self {
        Self { given, safe: None }
    }
}

impl From<&str> for Markup {
    fn from(given: &str) -> Self {
        Personal::new(given.to_owned()).into()
    }
}

impl Markup {
    /// The same, with what is safe of it, or with what is too much about it, which the decision then says.
    /// `stop` is asked again and again whether to go on.
    pub fn made_safe(self, stop: &dyn Fn() -> bool) -> Self {
        let safe = self.safe.unwrap_or_else(|| html::made_safe(self.given.expose(), stop).map(Personal::new));
        Self { given: self.given, safe: Some(safe) }
    }

    /// Whether it was given up because it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.safe == Some(Err(Excess::Stopped))
    }

    /// As it was given.
    pub(super) fn given(&self) -> &str {
        self.given.expose()
    }

    /// What is safe of it.
    pub(super) fn safe(&self) -> Result<Personal<String>, Excess> {
        match &self.safe {
            Some(safe) => safe.clone(),
            None => html::made_safe(self.given(), &|| false).map(Personal::new),
        }
    }
}
