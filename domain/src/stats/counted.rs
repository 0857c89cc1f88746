//! One thing that is counted.

use serde::{Deserialize, Serialize};

use super::{Measure, sketch};

/// One thing that is counted of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// What.
    pub measure: Measure,
    /// When it happened, in microseconds since 1970.
    pub at: i64,
    /// Which of several of its kind: a status, a currency; else empty.
    pub part: String,
    /// Whom it counts for where agents are told apart, if that isn't who has the ticket.
    pub agent: Option<String>,
    /// Of times: milliseconds. Of the backlog: one more or less. Of ratings and costs: how much. Else 0.
    pub value: i64,
}

impl Counted {
    /// That it happened.
    pub(super) fn once(measure: Measure, at: i64) -> Self {
        Self::with(measure, at, 0)
    }

    /// That it happened, and with what.
    pub(super) fn with(measure: Measure, at: i64, value: i64) -> Self {
        Self { measure, at, part: String::new(), agent: None, value }
    }

    /// Of several of its kind, which.
    pub(super) fn part(self, part: &str) -> Self {
        Self { part: part.to_owned(), ..self }
    }

    /// For whom it counts.
    pub(super) fn by(self, agent: &str) -> Self {
        Self { agent: Some(agent.to_owned()), ..self }
    }

    /// The bin that it falls into: of times the sketch's, of ratings the rating, else 0.
    pub fn bin(&self) -> i32 {
        match self.measure {
            measure if measure.is_time() => sketch::bin(self.value),
            Measure::Rating => self.value as i32,
            _ => 0,
        }
    }
}
