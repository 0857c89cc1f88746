//! From a calendar as it is configured to one that can be reckoned with.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::hours::Rules;
use super::spec::{CalendarSpec, Day, TimeOfDay, Window};
use crate::input::MAX_NAME;

/// What is wrong with a calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Not 1 to 100 characters.
    #[error("name: 1 to 100 characters")]
    Name,
    /// A name that can't be taken: the calendar's, or a holiday's.
    #[error("names: {MAX_NAME} characters at most, and no control characters")]
    Text,
    /// Not a zone of the IANA database.
    #[error("time_zone: there is no {0:?}; names are those of the IANA database, such as Europe/Berlin")]
    Zone(String),
    /// A window that ends when it begins.
    #[error("weekly.{day:?}: the window from {from} to {to} is empty")]
    Empty {
        /// The weekday that it begins on.
        day: Day,
        /// When it begins.
        from: TimeOfDay,
        /// When it ends.
        to: TimeOfDay,
    },
    /// Two windows share some time. Overnight windows reach into the next day.
    #[error(
        "weekly.{day:?}: the window from {from} overlaps another, of this day or from the evening before"
    )]
    Overlap {
        /// The weekday on which they do.
        day: Day,
        /// When the later one begins, or goes on.
        from: TimeOfDay,
    },
    /// Not a date.
    #[error("holidays: {0:?} is no date: YYYY-MM-DD, or MM-DD for each year's")]
    Holiday(String),
    /// The same date twice.
    #[error("holidays: {0:?} is there twice")]
    Twice(String),
    /// Nobody ever works.
    #[error("weekly: there is no working time; no clock would ever run")]
    NoHours,
    /// More than can be wanted.
    #[error("{0}: at most {1}")]
    TooMany(&'static str, usize),
}

/// The most windows of a day.
const WINDOWS: usize = 24;
/// The most holidays of a calendar.
pub(super) const HOLIDAYS: usize = 5_000;

impl CalendarSpec {
    /// Everything that is wrong with it, or the rules that it states.
    pub(super) fn rules(&self) -> Result<Rules, Vec<CalendarError>> {
        let mut errors = Vec::new();
        if !(1..=100).contains(&self.name.chars().count()) {
            errors.push(CalendarError::Name);
        }
        let zone: Option<Tz> = self.time_zone.parse().ok();
        if zone.is_none() {
            errors.push(CalendarError::Zone(self.time_zone.clone()));
        }
        let week = self.week(&mut errors);
        let (dates, yearly) = self.holidays(&mut errors);
        let rules = Rules { zone: zone.unwrap_or(Tz::UTC), week, dates, yearly };
        let named = self.weekly.values().any(|windows| !windows.is_empty());
        if !named || (errors.is_empty() && !rules.works()) {
            errors.push(CalendarError::NoHours);
        }
        if errors.is_empty() { Ok(rules) } else { Err(errors) }
    }

    /// The windows of each weekday, in order, those overnight cut at midnight.
    fn week(&self, errors: &mut Vec<CalendarError>) -> [Vec<(u32, u32)>; 7] {
        let mut week: [Vec<(u32, u32)>; 7] = Default::default();
        for (&day, windows) in &self.weekly {
            if windows.len() > WINDOWS {
                errors.push(CalendarError::TooMany("weekly", WINDOWS));
                continue;
            }
            for &Window { from, to } in windows {
                if from == to || from == TimeOfDay::MIDNIGHT {
                    errors.push(CalendarError::Empty { day, from, to });
                } else if from < to {
                    week[day.index()].push((from.0, to.0));
                } else {
                    week[day.index()].push((from.0, TimeOfDay::MIDNIGHT.0));
                    if to.0 > 0 {
                        week[(day.index() + 1) % 7].push((0, to.0));
                    }
                }
            }
        }
        for day in Day::ALL {
            let windows = &mut week[day.index()];
            windows.sort_unstable();
            for pair in windows.windows(2) {
                if pair[1].0 < pair[0].1 {
                    errors.push(CalendarError::Overlap { day, from: TimeOfDay(pair[1].0) });
                }
            }
        }
        week
    }

    fn holidays(&self, errors: &mut Vec<CalendarError>) -> (BTreeSet<NaiveDate>, BTreeSet<(u32, u32)>) {
        let (mut dates, mut yearly) = (BTreeSet::new(), BTreeSet::new());
        if self.holidays.len() > HOLIDAYS {
            errors.push(CalendarError::TooMany("holidays", HOLIDAYS));
            return (dates, yearly);
        }
        for holiday in &self.holidays {
            let text = &holiday.date;
            let new = match Date::parse(text) {
                Some(Date::Once(date)) => dates.insert(date),
                Some(Date::Yearly(month, day)) => yearly.insert((month, day)),
                None => {
                    errors.push(CalendarError::Holiday(text.clone()));
                    continue;
                }
            };
            if !new {
                errors.push(CalendarError::Twice(text.clone()));
            }
        }
        (dates, yearly)
    }
}

enum Date {
    Once(NaiveDate),
    Yearly(u32, u32),
}

impl Date {
    fn parse(text: &str) -> Option<Self> {
        let numbers: Option<Vec<u32>> = text
            .split('-')
            .map(|part| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?)
            .collect();
        match (numbers?.as_slice(), text.len()) {
            (&[year, month, day], 10) => {
                NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day).map(Self::Once)
            }
            // 29 February is a date of some years.
            (&[month, day], 5) => NaiveDate::from_ymd_opt(2000, month, day).map(|_| Self::Yearly(month, day)),
            _ => None,
        }
    }
}
