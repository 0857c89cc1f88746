//! The slow and obvious way: asks the clock on the wall at every second.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

use super::{CalendarSpec, Day};

/// Whether somebody works at this instant.
pub(super) fn works(spec: &CalendarSpec, instant: DateTime<Utc>) -> bool {
    let zone: chrono_tz::Tz = spec.time_zone.parse().unwrap();
    let local = instant.with_timezone(&zone).naive_local();
    let date = local.date();
    let free = spec
        .holidays
        .iter()
        .any(|holiday| holiday.date == date.to_string() || holiday.date == date.format("%m-%d").to_string());
    let now = local.time().num_seconds_from_midnight();
    let windows = |day: Day| spec.weekly.get(&day).into_iter().flatten();
    let today = windows(Day::of(date.weekday()))
        .any(|window| window.from.0 <= now && (now < window.to.0 || window.to <= window.from));
    let overnight = windows(Day::of(date.pred_opt().unwrap().weekday()))
        .any(|window| window.to <= window.from && now < window.to.0);
    !free && (today || overnight)
}

/// The first whole second before which so many seconds were worked.
pub(super) fn after(spec: &CalendarSpec, start: DateTime<Utc>, mut seconds: i64) -> DateTime<Utc> {
    let mut instant = start;
    while seconds > 0 {
        seconds -= i64::from(works(spec, instant));
        instant += TimeDelta::seconds(1);
    }
    instant
}

/// The seconds worked between two whole seconds.
pub(super) fn between(spec: &CalendarSpec, from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    let mut instant = from;
    let mut worked = 0;
    while instant < to {
        worked += i64::from(works(spec, instant));
        instant += TimeDelta::seconds(1);
    }
    worked
}
