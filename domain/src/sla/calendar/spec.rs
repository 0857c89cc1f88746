//! A calendar as it is configured.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::Weekday;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Working hours, as they are configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Calendar)]
pub struct CalendarSpec {
    /// What people call it.
    pub name: String,
    /// The time zone by its IANA name: `Europe/Berlin`.
    pub time_zone: String,
    /// The working hours of each weekday. A weekday that isn't named is free.
    pub weekly: BTreeMap<Day, Vec<Window>>,
    /// Dates on which nobody works.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
}

/// A weekday.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
#[schema(as = Weekday)]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Day {
    /// All of them, from Monday.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// As it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "monday",
            Self::Tuesday => "tuesday",
            Self::Wednesday => "wednesday",
            Self::Thursday => "thursday",
            Self::Friday => "friday",
            Self::Saturday => "saturday",
            Self::Sunday => "sunday",
        }
    }

    /// Days since Monday.
    pub(super) fn index(self) -> usize {
        self as usize
    }

    pub(super) fn of(weekday: Weekday) -> Self {
        Self::ALL[weekday.num_days_from_monday() as usize]
    }
}

/// A stretch of working time: `from` belongs to it, `to` doesn't any more. One whose `to` isn't after its
/// `from` goes on into the next day; `00:00` to `24:00` is a whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WorkingHours)]
pub struct Window {
    /// When work begins: `HH:MM` or `HH:MM:SS`.
    #[schema(value_type = String, example = "09:00")]
    pub from: TimeOfDay,
    /// When it ends; `24:00` at most.
    #[schema(value_type = String, example = "17:00")]
    pub to: TimeOfDay,
}

/// A local time of day, `HH:MM` or `HH:MM:SS`, up to and including `24:00`. In seconds since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct TimeOfDay(pub(super) u32);

impl TimeOfDay {
    /// The end of a day.
    pub const MIDNIGHT: Self = Self(24 * 60 * 60);
}

/// What was said is no time of day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time of day: HH:MM or HH:MM:SS, 24:00 at most")]
pub struct InvalidTimeOfDay(String);

impl FromStr for TimeOfDay {
    type Err = InvalidTimeOfDay;

    fn from_str(text: &str) -> Result<Self, InvalidTimeOfDay> {
        let part = |part: &str| -> Option<u32> {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok())?
        };
        let parts: Option<Vec<u32>> = text.split(':').map(part).collect();
        let seconds = match parts.as_deref() {
            Some([hours, minutes]) if *minutes < 60 => Some(hours * 3600 + minutes * 60),
            Some([hours, minutes, seconds]) if *minutes < 60 && *seconds < 60 => {
                Some(hours * 3600 + minutes * 60 + seconds)
            }
            _ => None,
        };
        let seconds = seconds.filter(|seconds| *seconds <= Self::MIDNIGHT.0);
        seconds.map(Self).ok_or_else(|| InvalidTimeOfDay(text.to_owned()))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = InvalidTimeOfDay;

    fn try_from(text: String) -> Result<Self, InvalidTimeOfDay> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes, seconds) = (self.0 / 3600, self.0 / 60 % 60, self.0 % 60);
        write!(f, "{hours:02}:{minutes:02}")?;
        if seconds > 0 {
            write!(f, ":{seconds:02}")?;
        }
        Ok(())
    }
}

/// A date on which nobody works, from midnight to midnight of the calendar's time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// `2026-12-25`, or `12-25` for each year's.
    pub date: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
