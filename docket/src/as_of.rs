//! A moment in the log: a time or a position.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::ids::Position;

/// The moment to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AsOf {
    /// What had happened by then.
    Time(DateTime<Utc>),
    /// What was in the log up to there.
    Position(Position),
}

impl FromStr for AsOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(position) = text.parse() {
            return Ok(Self::Position(Position(position)));
        }
        let time = DateTime::parse_from_rfc3339(text);
        time.map(|time| Self::Time(time.to_utc()))
            .map_err(|_| "takes a time such as 2026-01-31T09:30:00Z, or a position of the log".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_position_or_a_time() {
        assert_eq!("17".parse(), Ok(AsOf::Position(Position(17))));
        assert!(matches!("2026-01-31T09:30:00+01:00".parse(), Ok(AsOf::Time(_))));
        assert!("yesterday".parse::<AsOf>().is_err());
    }
}
