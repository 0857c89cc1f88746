//! Calendars.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::sla::calendar as stored;
use crate::stream::public::from_stored::{FromStored, public};

public! {
    /// A weekday.
    #[expect(missing_docs, reason = "the names say it")]
    enum Day from stored::Day {
        Monday,
        Tuesday,
        Wednesday,
        Thursday,
        Friday,
        Saturday,
        Sunday,
    }
}

public! {
    /// Working hours, as they are configured.
    #[serde(deny_unknown_fields)]
    struct CalendarSpec from stored::CalendarSpec {
        /// What people call it.
        name: String,
        /// The time zone by its IANA name: `Europe/Berlin`.
        time_zone: String,
        /// The working hours of each weekday. A weekday that isn't named is free.
        weekly: BTreeMap<Day, Vec<Window>>,
        /// Dates on which nobody works.
        #[serde(default)]
        holidays: Vec<Holiday>,
    }

    /// A stretch of working time: `from` belongs to it, `to` doesn't any more. One whose `to` isn't after its
    /// `from` goes on into the next day; `00:00` to `24:00` is a whole day.
    #[serde(deny_unknown_fields)]
    struct Window from stored::Window {
        /// When work begins: `HH:MM` or `HH:MM:SS`.
        from: TimeOfDay,
        /// When it ends; `24:00` at most.
        to: TimeOfDay,
    }

    /// A date on which nobody works, from midnight to midnight of the calendar's time zone.
    #[serde(deny_unknown_fields)]
    struct Holiday from stored::Holiday {
        /// `2026-12-25`, or `12-25` for each year's.
        date: String,
        /// What it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    }
}

/// A local time of day, `HH:MM` or `HH:MM:SS`, up to and including `24:00`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct TimeOfDay(String);

impl FromStored<stored::TimeOfDay> for TimeOfDay {
    fn from_stored(stored: &stored::TimeOfDay) -> Self {
        Self(stored.to_string())
    }
}
