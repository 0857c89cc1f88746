//! Recurrence rules (RFC 5545, 3.3.10) of events that last whole days: all that dates can recur by.

mod dates;

use std::collections::BTreeSet;

use chrono::{NaiveDate, Weekday};

/// The longest interval: more than any calendar has.
const LONGEST: u32 = 10_000;

/// How often a period comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frequency {
    Yearly,
    Monthly,
    Weekly,
    Daily,
}

/// A rule. Each list has every value once, so none is longer than there are different ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    frequency: Frequency,
    interval: u32,
    count: Option<u32>,
    until: Option<NaiveDate>,
    months: BTreeSet<i32>,
    weeks: BTreeSet<i32>,
    year_days: BTreeSet<i32>,
    month_days: BTreeSet<i32>,
    /// 0 for each of the period.
    weekdays: BTreeSet<(i32, u8)>,
    positions: BTreeSet<i32>,
    week_start: Weekday,
}

impl Rule {
    /// Each year, for ever, and nothing else said.
    fn plain() -> Self {
        Self {
            frequency: Frequency::Yearly,
            interval: 1,
            count: None,
            until: None,
            months: BTreeSet::new(),
            weeks: BTreeSet::new(),
            year_days: BTreeSet::new(),
            month_days: BTreeSet::new(),
            weekdays: BTreeSet::new(),
            positions: BTreeSet::new(),
            week_start: Weekday::Mon,
        }
    }

    /// Reads a rule; `None` if something in it isn't understood, or has no meaning for dates.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut frequency = None;
        let mut rule = Self::plain();
        for part in text.trim().split(';').filter(|part| !part.trim().is_empty()) {
            let (name, value) = part.split_once('=')?;
            let value = value.trim().to_ascii_uppercase();
            match name.trim().to_ascii_uppercase().as_str() {
                "FREQ" => {
                    frequency = Some(match value.as_str() {
                        "YEARLY" => Frequency::Yearly,
                        "MONTHLY" => Frequency::Monthly,
                        "WEEKLY" => Frequency::Weekly,
                        "DAILY" => Frequency::Daily,
                        _ => return None,
                    });
                }
                "INTERVAL" => rule.interval = number(&value, 1, LONGEST)?,
                "COUNT" => rule.count = Some(number(&value, 1, u32::MAX)?),
                "UNTIL" => rule.until = Some(until(&value)?),
                "BYMONTH" => rule.months = numbers(&value, 1..=12, false)?,
                "BYWEEKNO" => rule.weeks = numbers(&value, 1..=53, true)?,
                "BYYEARDAY" => rule.year_days = numbers(&value, 1..=366, true)?,
                "BYMONTHDAY" => rule.month_days = numbers(&value, 1..=31, true)?,
                "BYSETPOS" => rule.positions = numbers(&value, 1..=366, true)?,
                "BYDAY" => rule.weekdays = value.split(',').map(weekday).collect::<Option<_>>()?,
                "WKST" => rule.week_start = day(&value)?,
                // Dates have no time of day; the standard says that these are ignored then.
                "BYHOUR" | "BYMINUTE" | "BYSECOND" => {}
                _ => return None,
            }
        }
        rule.frequency = frequency?;
        rule.is_allowed().then_some(rule)
    }

    /// What the standard doesn't allow together has no meaning.
    fn is_allowed(&self) -> bool {
        let numbered = self.weekdays.iter().any(|(number, _)| *number != 0);
        let yearly = self.frequency == Frequency::Yearly;
        let numbers_mean_something = match self.frequency {
            Frequency::Yearly => self.weeks.is_empty(),
            Frequency::Monthly => true,
            Frequency::Weekly | Frequency::Daily => false,
        };
        let limited = !self.months.is_empty()
            || !self.weeks.is_empty()
            || !self.year_days.is_empty()
            || !self.month_days.is_empty()
            || !self.weekdays.is_empty();
        (!numbered || numbers_mean_something)
            && (yearly || (self.weeks.is_empty() && self.year_days.is_empty()))
            && (self.frequency != Frequency::Weekly || self.month_days.is_empty())
            && (self.positions.is_empty() || limited)
            && (self.count.is_none() || self.until.is_none())
    }

    /// Whether it says no more than that a date comes back each year, for ever.
    pub(super) fn is_each_year(&self, of: NaiveDate) -> bool {
        use chrono::Datelike as _;
        let alone =
            |values: &BTreeSet<i32>, value: u32| values.is_empty() || values.iter().eq([&(value as i32)]);
        let bare = Self {
            months: BTreeSet::new(),
            month_days: BTreeSet::new(),
            week_start: Weekday::Mon,
            ..self.clone()
        };
        // A day of the month without the month is one of each month.
        let month_said = !self.months.is_empty() || self.month_days.is_empty();
        bare == Self::plain()
            && month_said
            && alone(&self.months, of.month())
            && alone(&self.month_days, of.day())
    }
}

fn number(text: &str, least: u32, most: u32) -> Option<u32> {
    text.parse().ok().filter(|number| (least..=most).contains(number))
}

/// Numbers of a range; from the end, if they may be negative.
fn numbers(text: &str, range: std::ops::RangeInclusive<i32>, backwards: bool) -> Option<BTreeSet<i32>> {
    let one = |text: &str| {
        let number: i32 = text.trim().parse().ok()?;
        let fit = range.contains(&number) || (backwards && range.contains(&number.checked_neg()?));
        fit.then_some(number)
    };
    text.split(',').map(one).collect()
}

/// `MO`, or `-1MO`: the last Monday.
fn weekday(text: &str) -> Option<(i32, u8)> {
    let text = text.trim();
    let (number, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let number = match number {
        "" => 0,
        number => number.parse().ok().filter(|number: &i32| (1..=53).contains(&number.abs()))?,
    };
    Some((number, day(name)?.num_days_from_monday() as u8))
}

fn day(text: &str) -> Option<Weekday> {
    Some(match text {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    })
}

/// The last date, which some programs write with a time of day.
fn until(text: &str) -> Option<NaiveDate> {
    let (date, time) = text.split_once('T').unwrap_or((text, "000000"));
    let time = time.strip_suffix('Z').unwrap_or(time);
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(date, 8) || !digits(time, 6) {
        return None;
    }
    NaiveDate::parse_from_str(date, "%Y%m%d").ok()
}

#[cfg(test)]
mod tests;
