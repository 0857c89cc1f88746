//! The periods that figures are grouped by, in a time zone.

use chrono::{DateTime, Datelike, Days, NaiveDate, SecondsFormat, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use sqlx::{Postgres, QueryBuilder};

use crate::parameters::{BadParameter, Parameters};

/// Stretches of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    /// By the moment at which it began: of the hours that a local clock shows one may come twice.
    Hour,
    Day,
    /// From Monday.
    Week,
    Month,
    /// The weekday and the hour that the local clock shows, over all weeks: `1 09` is Monday, nine o'clock.
    HourOfWeek,
}

/// Their names in `group_by`, but for the hours of the week, which have a question of their own.
pub(crate) const PERIODS: [(&str, Period); 4] =
    [("hour", Period::Hour), ("day", Period::Day), ("week", Period::Week), ("month", Period::Month)];

impl Period {
    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        PERIODS.iter().find(|(known, _)| *known == name).map(|(_, period)| *period)
    }

    /// Whether days are enough to tell it.
    pub(crate) fn is_of_days(self) -> bool {
        self != Self::Hour
    }

    /// The day on which the one began that a day is in.
    pub(crate) fn begin(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Week => day - Days::new(day.weekday().num_days_from_monday().into()),
            Self::Month => day.with_day(1).unwrap_or(day),
            Self::Hour | Self::Day | Self::HourOfWeek => day,
        }
    }

    /// An hour of the week, as it is shown; weekdays from 1, Monday.
    pub(crate) fn hour_of_week(weekday: usize, hour: usize) -> String {
        format!("{weekday} {hour:02}")
    }

    /// The one that a day is in, as it is shown; `hour` is the local clock's.
    fn of_day(self, day: NaiveDate, hour: usize) -> String {
        match self {
            Self::HourOfWeek => Self::hour_of_week(day.weekday().number_from_monday() as usize, hour),
            _ => self.begin(day).to_string(),
        }
    }

    /// The one that a moment is in, as it is shown.
    pub(crate) fn of(self, at: DateTime<Utc>, zone: Tz) -> String {
        let local = at.with_timezone(&zone);
        if self != Self::Hour {
            return self.of_day(local.date_naive(), local.hour() as usize);
        }
        let past = i64::from(local.minute()) * 60 + i64::from(local.second());
        let began = at - TimeDelta::seconds(past) - TimeDelta::nanoseconds(local.nanosecond().into());
        began.to_rfc3339_opts(SecondsFormat::Micros, true)
    }

    /// What tells it of the moment in a column.
    pub(crate) fn push_key(self, column: &str, zone: Tz, sql: &mut QueryBuilder<'_, Postgres>) {
        let unit = match self {
            Self::Hour => {
                sql.push("date_trunc('hour', ").push(column).push(", ").push_bind(zone.name()).push(")");
                return;
            }
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            // Of the hour, the hour; the weekday comes from the date.
            Self::HourOfWeek => "hour",
        };
        sql.push(format_args!("date_trunc('{unit}', {column} AT TIME ZONE "))
            .push_bind(zone.name())
            .push(")");
    }

    /// What shows that as text.
    pub(crate) fn shown(self, key: &str) -> String {
        match self {
            Self::Hour => format!("to_char({key} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"),
            Self::HourOfWeek => format!("to_char({key}, 'ID HH24')"),
            _ => format!("to_char({key}, 'YYYY-MM-DD')"),
        }
    }
}

/// The parameter `time_zone`.
pub(crate) fn time_zone(parameters: &mut Parameters) -> Result<Option<Tz>, BadParameter> {
    parameters.one("time_zone", "a time zone by its IANA name, such as Europe/Berlin")
}

/// The day that begins at a moment, if one does.
pub(crate) fn day_that_begins(at: DateTime<Utc>, zone: Tz) -> Option<NaiveDate> {
    let day = at.with_timezone(&zone).date_naive();
    let before = (at - TimeDelta::microseconds(1)).with_timezone(&zone).date_naive();
    // Where the clock is put back over midnight, a date may come twice.
    let once = zone.from_local_datetime(&day.and_time(chrono::NaiveTime::MIN)).latest();
    (before < day && once.is_none_or(|first| first <= at)).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn periods_begin_where_one_is() {
        let (berlin, kathmandu) = (Tz::Europe__Berlin, Tz::Asia__Kathmandu);
        let late = at("2026-02-28T23:30:00Z");
        assert_eq!(Period::Day.of(late, berlin), "2026-03-01");
        assert_eq!(Period::Week.of(late, berlin), "2026-02-23");
        assert_eq!(Period::Month.of(late, Tz::UTC), "2026-02-01");
        assert_eq!(Period::Hour.of(late, kathmandu), "2026-02-28T23:15:00.000000Z");
        assert_eq!(Period::HourOfWeek.of(late, berlin), "7 00");
    }

    #[test]
    fn the_hour_that_comes_twice_is_two() {
        let (first, second) = (at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z"));
        let hour = |at| Period::Hour.of(at, Tz::Europe__Berlin);
        assert_ne!(hour(first), hour(second));
        let clock = |at| Period::HourOfWeek.of(at, Tz::Europe__Berlin);
        assert_eq!(clock(first), clock(second));
    }

    #[test]
    fn days_begin_at_midnight_or_when_the_clock_jumps_over_it() {
        let begins = |text: &str, zone| day_that_begins(at(text), zone).map(|day| day.to_string());
        assert_eq!(begins("2026-03-01T00:00:00Z", Tz::UTC).as_deref(), Some("2026-03-01"));
        assert_eq!(begins("2026-03-01T00:00:00.000001Z", Tz::UTC), None);
        assert_eq!(begins("2026-02-28T23:00:00Z", Tz::Europe__Berlin).as_deref(), Some("2026-03-01"));
        // In Cairo the day of 2026-04-24 begins at one o'clock.
        assert_eq!(begins("2026-04-23T22:00:00Z", Tz::Africa__Cairo).as_deref(), Some("2026-04-24"));
    }
}
