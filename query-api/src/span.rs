//! Spans of time: from a moment, inclusive, to another, exclusive. Lists, statistics, the audit trail and
//! exports all have theirs from here, so a moment on the border is in or out of all of them alike.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use sqlx::{Postgres, QueryBuilder};
use utoipa::IntoParams;

use crate::parameters::{BadParameter, Parameters};

/// What Postgres keeps of a time; moments between two of them don't occur.
const GRAIN: TimeDelta = TimeDelta::microseconds(1);

/// From when, inclusive, and to when, exclusive. Whole microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

/// A period.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents what `Span` reads")]
pub(crate) struct SpanParameters {
    /// What happened at this moment or after it.
    from: Option<DateTime<Utc>>,
    /// What happened before this moment.
    to: Option<DateTime<Utc>>,
}

impl Span {
    /// What lies between two moments: not before `from`, and before `to`.
    pub fn new(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Self {
        Self { from: from.map(up), to: to.map(up) }
    }

    /// The parameters `from` and `to`.
    pub(crate) fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        Self::read(parameters, "from", "to")
    }

    /// The parameters `…_from` (`>=`), `…_to` (`<`), `…_after` (`>`) and `…_before` (`<`) of one thing. All of
    /// them hold that are given.
    pub(crate) fn take_all(
        parameters: &mut Parameters,
        [from, to, after, before]: [&'static str; 4],
    ) -> Result<Self, BadParameter> {
        let mut span = Self::read(parameters, from, to)?;
        // The first moment after another one is the next that there is.
        span.from = span.from.max(parameters.time(after)?.map(|time| down(time) + GRAIN));
        let before = parameters.time(before)?.map(up);
        span.to = [span.to, before].into_iter().flatten().min();
        Ok(span)
    }

    fn read(parameters: &mut Parameters, from: &'static str, to: &'static str) -> Result<Self, BadParameter> {
        let span = Self::new(parameters.time(from)?, parameters.time(to)?);
        match (span.from, span.to) {
            (Some(begin), Some(end)) if end <= begin => {
                Err(BadParameter::invalid(to, format!("it should be after `{from}`")))
            }
            _ => Ok(span),
        }
    }

    /// From when, inclusive.
    pub fn from(self) -> Option<DateTime<Utc>> {
        self.from
    }

    /// To when, exclusive.
    pub fn to(self) -> Option<DateTime<Utc>> {
        self.to
    }

    /// Whether every moment is in it.
    pub(crate) fn is_ever(self) -> bool {
        self == Self::default()
    }

    /// Whether a moment is in it.
    pub(crate) fn has(self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// Adds the condition that a column's moment is in it.
    pub(crate) fn push(self, column: &str, sql: &mut QueryBuilder<'_, Postgres>) {
        if let Some(from) = self.from {
            sql.push(" AND ").push(column).push(" >= ").push_bind(from);
        }
        if let Some(to) = self.to {
            sql.push(" AND ").push(column).push(" < ").push_bind(to);
        }
    }
}

/// The last whole microsecond that isn't after a moment. Years have four digits at most, so none overflows.
fn down(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(GRAIN).unwrap_or(at)
}

/// The first whole microsecond that isn't before a moment.
fn up(at: DateTime<Utc>) -> DateTime<Utc> {
    let whole = down(at);
    if whole < at { whole + GRAIN } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn span(query: &str) -> Result<Span, BadParameter> {
        Span::take_all(&mut Parameters::parse(Some(query)).unwrap(), ["from", "to", "after", "before"])
    }

    #[test]
    fn the_border_is_in_at_the_beginning_and_out_at_the_end() {
        let (before, border, after) = (
            at("2026-01-01T00:00:00.000000Z"),
            at("2026-01-01T00:00:00.000001Z"),
            at("2026-01-01T00:00:00.000002Z"),
        );
        for (name, expected) in [
            ("from", [false, true, true]),
            ("after", [false, false, true]),
            ("to", [true, false, false]),
            ("before", [true, false, false]),
        ] {
            let span = span(&format!("{name}=2026-01-01T00:00:00.000001Z")).unwrap();
            assert_eq!([before, border, after].map(|at| span.has(at)), expected, "{name}");
        }
    }

    #[test]
    fn parts_of_a_microsecond_count() {
        let whole = at("2026-01-01T00:00:00.000001Z");
        for (name, expected) in [("from", false), ("after", false), ("to", true), ("before", true)] {
            let span = span(&format!("{name}=2026-01-01T00:00:00.0000012Z")).unwrap();
            assert_eq!(span.has(whole), expected, "{name}");
        }
        assert!(span("from=1960-01-01T00:00:00.0000001Z").unwrap().has(at("1960-01-01T00:00:00.000001Z")));
    }

    #[test]
    fn all_that_is_given_holds() {
        let narrow =
            span("from=2026-01-01T00:00:00Z&after=2026-01-02T00:00:00Z&before=2026-01-04T00:00:00Z").unwrap();
        assert!(!narrow.has(at("2026-01-02T00:00:00Z")) && narrow.has(at("2026-01-02T00:00:00.000001Z")));
        assert_eq!(span("from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z").unwrap_err().name(), "to");
        span("after=9999-12-31T23:59:59.999999Z").unwrap();
    }
}
