//! As of when something is asked for: now, or a moment of the past.

use chrono::{DateTime, Utc};
use domain::ids::Position;
use utoipa::IntoParams;

use crate::error::QueryError;
use crate::log::Fact;
use crate::parameters::{BadParameter, FromParameters, Parameters, read_time};

/// A moment of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Time(DateTime<Utc>),
    Position(Position),
}

/// As of when: now, if nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AsOf(Option<Moment>);

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents what `AsOf` reads")]
pub(crate) struct AsOfParameter {
    /// As it was at this time (by when things happened), or at this position of the log.
    #[param(example = "2026-01-31T08:00:00Z")]
    as_of: Option<String>,
}

impl FromParameters for AsOf {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        parameters.text("as_of")?.map(|text| moment(&text)).transpose().map(Self)
    }
}

fn moment(text: &str) -> Result<Moment, BadParameter> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Beyond what fits is beyond every log.
        return Ok(Moment::Position(Position(text.parse().unwrap_or(i64::MAX))));
    }
    read_time("as_of", text).map(Moment::Time).map_err(|_| {
        BadParameter::invalid("as_of", "it should be a time as RFC 3339 writes it, or a position of the log")
    })
}

impl AsOf {
    /// No moment of the past.
    pub(crate) const NOW: Self = Self(None);

    /// Whether no moment of the past was asked for.
    pub(crate) fn is_now(self) -> bool {
        self.0.is_none()
    }

    /// The position of the log that was asked for, if it was one.
    pub(crate) fn position(self) -> Option<Position> {
        match self.0 {
            Some(Moment::Position(position)) => Some(position),
            _ => None,
        }
    }

    /// Refuses a moment that hasn't come, by the clock or by the log's head.
    pub(crate) fn check(self, now: DateTime<Utc>, head: Position) -> Result<(), QueryError> {
        let future = match self.0 {
            None => false,
            Some(Moment::Time(time)) => time > now,
            Some(Moment::Position(position)) => position > head,
        };
        if future { Err(QueryError::AsOfInFuture) } else { Ok(()) }
    }

    /// Whether something had happened by then.
    pub(crate) fn includes(self, fact: &Fact) -> bool {
        match self.0 {
            None => true,
            Some(Moment::Time(time)) => fact.metadata.occurred_at <= time,
            Some(Moment::Position(position)) => fact.logged.position <= position.0,
        }
    }

    /// What time it was then; of a position, when the last thing happened that is told.
    pub(crate) fn time(self, now: DateTime<Utc>, last: Option<DateTime<Utc>>) -> DateTime<Utc> {
        match self.0 {
            None => now,
            Some(Moment::Time(time)) => time,
            Some(Moment::Position(_)) => last.unwrap_or(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_a_position() {
        assert_eq!(moment("0").unwrap(), Moment::Position(Position(0)));
        assert_eq!(moment("99999999999999999999").unwrap(), Moment::Position(Position(i64::MAX)));
        assert!(matches!(moment("1999-01-01T00:00:00Z").unwrap(), Moment::Time(_)));
        for bad in ["", "-1", "yesterday", "1.5", "2026-01-01"] {
            assert_eq!(moment(bad).unwrap_err().name(), "as_of", "{bad}");
        }
    }
}
