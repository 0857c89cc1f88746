//! Times as people's files have them: year first, day first or month first, with seconds or without, by 24 hours
//! or by AM and PM. Which of day and month comes first is a property of a whole column, and is never guessed.

use std::str::FromStr;

use chrono::{DateTime, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

/// What comes first in a date, where it isn't the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// 25/03/2026.
    DayMonthYear,
    /// 03/25/2026.
    MonthDayYear,
    /// 2026-03-25 alone.
    YearMonthDay,
}

impl Order {
    fn as_str(self) -> &'static str {
        match self {
            Self::DayMonthYear => "day first",
            Self::MonthDayYear => "month first",
            Self::YearMonthDay => "year first",
        }
    }
}

impl std::fmt::Display for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Order {
    type Err = &'static str;

    /// A word (`dmy`, `mdy`, `ymd`, `iso`), or a pattern such as `dd/MM/yyyy HH:mm` or `%d/%m/%Y`: the order in which
    /// day, month and year come is what counts.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.to_ascii_lowercase();
        match lower.as_str() {
            "iso" | "iso8601" | "rfc3339" | "year-first" | "%f" | "%+" => return Ok(Self::YearMonthDay),
            "us" | "month-first" => return Ok(Self::MonthDayYear),
            "eu" | "day-first" => return Ok(Self::DayMonthYear),
            _ => {}
        }
        let mut order = String::new();
        for letter in lower.chars().filter(|letter| "dmy".contains(*letter)) {
            // Of the minutes there is no need to know: they come after all three.
            if !order.contains(letter) {
                order.push(letter);
            }
        }
        match order.as_str() {
            "dmy" => Ok(Self::DayMonthYear),
            "mdy" => Ok(Self::MonthDayYear),
            "ymd" => Ok(Self::YearMonthDay),
            _ => Err("takes dmy, mdy or ymd, or a pattern such as dd/MM/yyyy HH:mm"),
        }
    }
}

/// A date with the time of day, of which it isn't known yet whether the day or the month comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// In the order of the text.
    numbers: [u32; 3],
    year_first: bool,
    time: NaiveTime,
    /// If the text says so.
    offset: Option<FixedOffset>,
}

/// What a cell says of its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// Only this order makes it a date.
    For(Order),
    /// Both orders do, and they are different days.
    Ambiguous,
    /// It is the same day in any order, or none.
    None,
}

impl Parts {
    /// Reads a cell, or says what is the matter.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "is no date with a time of day, such as 2026-03-25 09:00";
        let text = text.trim();
        let end = text
            .find(|c: char| c.is_ascii_whitespace() || c == 'T' || c == ',')
            .ok_or(if digits_and_separators(text) { "has no time of day" } else { FORM })?;
        let (date, rest) = text.split_at(end);
        let separator =
            date.chars().find(|c| !c.is_ascii_digit()).filter(|c| "/-.".contains(*c)).ok_or(FORM)?;
        let mut numbers = date.split(separator);
        let mut lengths = [0; 3];
        let mut read = [0; 3];
        for (number, length) in read.iter_mut().zip(&mut lengths) {
            let part = numbers.next().ok_or(FORM)?;
            (*number, *length) = (digits(part).ok_or(FORM)?, part.len());
        }
        if numbers.next().is_some() {
            return Err(FORM);
        }
        let year_first = match lengths {
            [4, 1 | 2, 1 | 2] => true,
            [1 | 2, 1 | 2, 4] => false,
            [1 | 2, 1 | 2, 1 | 2] => return Err("has a year of two digits"),
            _ => return Err(FORM),
        };
        let (time, offset) = time_of_day(rest[1..].trim())?;
        let parts = Self { numbers: read, year_first, time, offset };
        let some = [Order::YearMonthDay, Order::DayMonthYear, Order::MonthDayYear];
        if some.into_iter().any(|order| parts.date(order).is_some()) {
            Ok(parts)
        } else {
            Err("is no day of any calendar")
        }
    }

    fn date(&self, order: Order) -> Option<NaiveDate> {
        let [first, second, third] = self.numbers;
        let (year, month, day) = match (self.year_first, order) {
            (true, _) => (first, second, third),
            (false, Order::DayMonthYear) => (third, second, first),
            (false, Order::MonthDayYear) => (third, first, second),
            (false, Order::YearMonthDay) => return None,
        };
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
    }

    /// What it says of its column.
    pub(super) fn evidence(&self) -> Evidence {
        if self.year_first {
            return Evidence::None;
        }
        match (self.date(Order::DayMonthYear), self.date(Order::MonthDayYear)) {
            (Some(_), None) => Evidence::For(Order::DayMonthYear),
            (None, Some(_)) => Evidence::For(Order::MonthDayYear),
            (Some(one), Some(other)) if one != other => Evidence::Ambiguous,
            _ => Evidence::None,
        }
    }

    /// The moment. Where a clock that is put back shows a time twice, the first, and `true`.
    pub(super) fn moment(&self, order: Order, zone: Tz) -> Result<(DateTime<Utc>, bool), String> {
        let date = self.date(order).ok_or_else(|| format!("is no date with the {order}"))?;
        let local = NaiveDateTime::new(date, self.time);
        let found = match self.offset {
            Some(offset) => offset.from_local_datetime(&local).map(|at| at.to_utc()),
            None => zone.from_local_datetime(&local).map(|at| at.to_utc()),
        };
        match found {
            LocalResult::Single(at) => Ok((at, false)),
            LocalResult::Ambiguous(first, _) => Ok((first, true)),
            LocalResult::None => Err(format!("is a time that clocks in {zone} skip")),
        }
    }
}

fn digits(text: &str) -> Option<u32> {
    (!text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

fn digits_and_separators(text: &str) -> bool {
    text.len() >= 8 && text.chars().all(|c| c.is_ascii_digit() || "/-.".contains(c))
}

/// `9:00`, `09:00:30`, `09:00:30.250`, `9:00:00 AM`, `09:00Z`, `09:00+01:00`, `09:00 UTC`.
fn time_of_day(text: &str) -> Result<(NaiveTime, Option<FixedOffset>), &'static str> {
    const FORM: &str = "has a time of day that can't be read";
    if text.is_empty() {
        return Err("has no time of day");
    }
    let end = text.find(|c: char| !(c.is_ascii_digit() || ":.".contains(c))).unwrap_or(text.len());
    let (clock, rest) = text.split_at(end);
    let mut parts = clock.split(':');
    let mut hour = parts.next().filter(|hour| hour.len() <= 2).and_then(digits).ok_or(FORM)?;
    let minute = parts.next().filter(|minute| minute.len() == 2).and_then(digits).ok_or(FORM)?;
    let (second, micros) = match parts.next() {
        None => (0, 0),
        Some(seconds) => {
            let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
            if second.len() != 2 || fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit())
            {
                return Err(FORM);
            }
            let micros = format!("{fraction:0<6}")[..6].parse().map_err(|_| FORM)?;
            (digits(second).ok_or(FORM)?, micros)
        }
    };
    if parts.next().is_some() {
        return Err(FORM);
    }
    let mut rest = rest.trim();
    let half = rest.get(..2).map(str::to_ascii_uppercase).filter(|half| half == "AM" || half == "PM");
    if let Some(half) = half {
        if !(1..=12).contains(&hour) {
            return Err(FORM);
        }
        hour = hour % 12 + if half == "PM" { 12 } else { 0 };
        rest = rest[2..].trim();
    }
    let offset = match rest {
        "" => None,
        rest => Some(offset(rest).ok_or("has a time zone that can't be read: it takes Z, UTC or +01:00")?),
    };
    let time = NaiveTime::from_hms_micro_opt(hour, minute, second, micros).ok_or(FORM)?;
    Ok((time, offset))
}

fn offset(text: &str) -> Option<FixedOffset> {
    let text = text.strip_prefix("UTC").or(text.strip_prefix("GMT")).unwrap_or(text);
    if text.is_empty() || text == "Z" {
        return FixedOffset::east_opt(0);
    }
    let (sign, rest) =
        text.strip_prefix('+').map(|rest| (1, rest)).or(text.strip_prefix('-').map(|rest| (-1, rest)))?;
    let (hours, minutes) = match rest.split_once(':') {
        Some(parts) => parts,
        None if rest.len() == 4 => (rest.get(..2)?, rest.get(2..)?),
        None => (rest, "0"),
    };
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (hours <= 14 && minutes < 60)
        .then(|| FixedOffset::east_opt(sign * (hours * 3_600 + minutes * 60) as i32))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str, order: Order) -> Result<String, String> {
        let parts = Parts::read(text).map_err(str::to_owned)?;
        parts.moment(order, Tz::UTC).map(|(at, _)| at.to_rfc3339())
    }

    #[test]
    fn times_are_read_in_the_forms_that_files_have() {
        use Order::{DayMonthYear, MonthDayYear, YearMonthDay};
        for (text, order, expected) in [
            ("29/2/2016 01:16", DayMonthYear, "2016-02-29T01:16:00+00:00"),
            ("2026-03-05 09:00:00", YearMonthDay, "2026-03-05T09:00:00+00:00"),
            ("2026-03-05 09:00:00", MonthDayYear, "2026-03-05T09:00:00+00:00"),
            ("2026-03-05T09:00:00Z", DayMonthYear, "2026-03-05T09:00:00+00:00"),
            ("2026-03-05T09:00:00.25+01:00", YearMonthDay, "2026-03-05T08:00:00.250+00:00"),
            ("2026-03-05 09:00 -0330", YearMonthDay, "2026-03-05T12:30:00+00:00"),
            ("03/25/2026 09:00", MonthDayYear, "2026-03-25T09:00:00+00:00"),
            ("5/3/2026 9:00:00 AM", MonthDayYear, "2026-05-03T09:00:00+00:00"),
            ("5/3/2026 12:30 pm", MonthDayYear, "2026-05-03T12:30:00+00:00"),
            ("5/3/2026 12:30 am", MonthDayYear, "2026-05-03T00:30:00+00:00"),
            ("25.03.2026 9:05", DayMonthYear, "2026-03-25T09:05:00+00:00"),
            ("25-03-2026 09:00:30", DayMonthYear, "2026-03-25T09:00:30+00:00"),
            ("25/03/2026, 09:00 UTC", DayMonthYear, "2026-03-25T09:00:00+00:00"),
        ] {
            assert_eq!(moment(text, order).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_no_time() {
        for text in [
            "",
            "?",
            "soon",
            "2026",
            "2026-03-05",
            "05/03/26 09:00",
            "26/03/05 09:00",
            "2026-13-05 09:00",
            "32/01/2026 09:00",
            "30/02/2026 09:00",
            "05/03/2026 24:00",
            "05/03/2026 9",
            "05/03/2026 09:60",
            "05/03/2026 13:00 PM",
            "05/03/2026 00:10 AM",
            "05/03/2026 09:00 XY",
            "05/03-2026 09:00",
            "5/3/2/2026 09:00",
            "05/03/2026 09:00:61",
            "+5/03/2026 09:00",
            "05/03/20260 09:00",
            "05/03/2026 09:00 +99:00",
            "٠٥/٠٣/2026 09:00",
            "45000.375",
        ] {
            for order in [Order::DayMonthYear, Order::MonthDayYear, Order::YearMonthDay] {
                assert!(moment(text, order).is_err(), "{text}");
            }
        }
        assert!(moment("25/03/2026 09:00", Order::MonthDayYear).is_err());
        assert!(moment("05/03/2026 09:00", Order::YearMonthDay).is_err());
    }

    #[test]
    fn a_cell_says_what_it_knows_of_the_order() {
        let evidence = |text| Parts::read(text).unwrap().evidence();
        assert_eq!(evidence("25/03/2026 09:00"), Evidence::For(Order::DayMonthYear));
        assert_eq!(evidence("03/25/2026 09:00"), Evidence::For(Order::MonthDayYear));
        assert_eq!(evidence("05/03/2026 09:00"), Evidence::Ambiguous);
        assert_eq!(evidence("03/03/2026 09:00"), Evidence::None);
        assert_eq!(evidence("2026-03-05 09:00"), Evidence::None);
    }

    #[test]
    fn the_order_has_many_names() {
        for (text, order) in [
            ("dmy", Order::DayMonthYear),
            ("%d/%m/%Y %H:%M", Order::DayMonthYear),
            ("d/m/Y H:M", Order::DayMonthYear),
            ("dd.MM.yyyy", Order::DayMonthYear),
            ("MM/dd/yyyy hh:mm:ss a", Order::MonthDayYear),
            ("%m/%d/%Y %I:%M:%S %p", Order::MonthDayYear),
            ("us", Order::MonthDayYear),
            ("%Y-%m-%dT%H:%M:%S", Order::YearMonthDay),
            ("ISO", Order::YearMonthDay),
        ] {
            assert_eq!(text.parse(), Ok(order), "{text}");
        }
        assert!("soon".parse::<Order>().is_err() && "HH:mm".parse::<Order>().is_err());
    }

    #[test]
    fn a_time_that_clocks_skip_is_no_time_and_one_that_they_show_twice_is_the_first() {
        let zone: Tz = "Europe/Berlin".parse().unwrap();
        let skipped = Parts::read("29/03/2026 02:30").unwrap().moment(Order::DayMonthYear, zone);
        assert!(skipped.unwrap_err().contains("Europe/Berlin"));
        let (twice, is_twice) =
            Parts::read("25/10/2026 02:30").unwrap().moment(Order::DayMonthYear, zone).unwrap();
        assert_eq!((twice.to_rfc3339().as_str(), is_twice), ("2026-10-25T00:30:00+00:00", true));
    }
}
