//! Reckoning in working time.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::check::CalendarError;
use super::spec::CalendarSpec;
use super::year::Year;

/// The years that are reckoned with.
const FIRST: i32 = 1900;
const LAST: i32 = 2199;

/// A calendar, read and checked.
pub(super) struct Rules {
    pub(super) zone: Tz,
    /// By weekday from Monday: the windows in seconds since midnight, in order.
    pub(super) week: [Vec<(u32, u32)>; 7],
    pub(super) dates: BTreeSet<NaiveDate>,
    /// Month and day of each year's.
    pub(super) yearly: BTreeSet<(u32, u32)>,
}

impl Rules {
    pub(super) fn is_holiday(&self, date: NaiveDate) -> bool {
        self.dates.contains(&date) || self.yearly.contains(&(date.month(), date.day()))
    }

    /// Whether anybody works in a year without single holidays.
    pub(super) fn works(&self) -> bool {
        let first = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default();
        first.iter_days().take(366).any(|date| {
            let weekday = date.weekday().num_days_from_monday() as usize;
            !self.week[weekday].is_empty() && !self.yearly.contains(&(date.month(), date.day()))
        })
    }
}

/// Working hours that can be reckoned with, exactly to the microsecond.
///
/// Each year's hours are worked out once, when they are first asked for.
pub struct Calendar {
    rules: Rules,
    years: Box<[OnceLock<Box<Year>>]>,
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calendar").field("zone", &self.rules.zone.name()).finish_non_exhaustive()
    }
}

impl Calendar {
    /// Reads a calendar, or says everything that is wrong with it.
    pub fn new(spec: &CalendarSpec) -> Result<Self, Vec<CalendarError>> {
        let rules = spec.rules()?;
        let years = (FIRST..=LAST).map(|_| OnceLock::new()).collect();
        Ok(Self { rules, years })
    }

    /// The time zone.
    pub fn zone(&self) -> Tz {
        self.rules.zone
    }

    /// The first instant before which so much working time has passed since `start`. That of no time
    /// is `start` itself. `None` beyond the year 2199.
    pub fn after(&self, start: DateTime<Utc>, amount: TimeDelta) -> Option<DateTime<Utc>> {
        let (start, amount) = (start.timestamp_micros(), amount.num_microseconds()?);
        if amount <= 0 {
            return DateTime::from_timestamp_micros(start);
        }
        let mut number = DateTime::from_timestamp_micros(start)?.year();
        let mut left = self.year(number)?.worked_before(start).checked_add(amount)?;
        loop {
            let year = self.year(number)?;
            if left <= year.total {
                return DateTime::from_timestamp_micros(year.when_worked(left)?);
            }
            left -= year.total;
            number += 1;
        }
    }

    /// The working time from one instant to another; none if the second isn't after the first.
    pub fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        if to <= from {
            return TimeDelta::zero();
        }
        let worked = || {
            let (first, last) = (from.year(), to.year());
            let before = |instant: DateTime<Utc>, year: &Year| year.worked_before(instant.timestamp_micros());
            let mut worked = before(to, self.year(last)?) - before(from, self.year(first)?);
            for number in first..last {
                worked += self.year(number)?.total;
            }
            Some(TimeDelta::microseconds(worked))
        };
        // Beyond the years nobody works.
        worked().unwrap_or_default()
    }

    fn year(&self, number: i32) -> Option<&Year> {
        let index = usize::try_from(number.checked_sub(FIRST)?).ok()?;
        let slot = self.years.get(index)?;
        Some(slot.get_or_init(|| Box::new(Year::of(&self.rules, number))))
    }
}
