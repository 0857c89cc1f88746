//! Holidays from an iCalendar file (RFC 5545): its events that last whole days.

use chrono::{Datelike, NaiveDate, TimeDelta};
use icalendar::{Calendar, CalendarComponent, Component, DatePerhapsTime, Event};

use super::spec::Holiday;

/// The longest event, in days: more is no holiday.
const LONGEST: i64 = 366;

/// What of an iCalendar file can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It isn't one.
    #[error("it can't be read as iCalendar (RFC 5545)")]
    Unreadable,
    /// There is nothing in it.
    #[error("there is no event in it")]
    Empty,
    /// An event that isn't a date or dates.
    #[error("{0:?} has no date, or a time of day: holidays are whole days (DTSTART;VALUE=DATE)")]
    NoDate(String),
    /// An event that ends before it begins, or lasts for more than a year.
    #[error("{0:?}: from one day to a year")]
    Length(String),
    /// An event that comes back otherwise than each year on its date.
    #[error("{0:?} recurs by {1:?}; only each year's date can be taken: have the file list the dates")]
    Rule(String, String),
}

/// The holidays in an iCalendar file, each date once, or everything that can't be taken. Events that are
/// cancelled are left out.
pub fn holidays(text: &str) -> Result<Vec<Holiday>, Vec<ImportError>> {
    let calendar: Calendar = text.parse().map_err(|_| vec![ImportError::Unreadable])?;
    let mut holidays: Vec<Holiday> = Vec::new();
    let mut errors = Vec::new();
    let events = calendar.components.iter().filter_map(|component| match component {
        CalendarComponent::Event(event) => Some(event),
        _ => None,
    });
    for event in events.filter(|event| event.property_value("STATUS") != Some("CANCELLED")) {
        match dates(event) {
            Ok(dates) => {
                let name = event.get_summary().map(str::to_owned).filter(|name| !name.trim().is_empty());
                for date in dates {
                    if holidays.iter().all(|holiday| holiday.date != date) {
                        holidays.push(Holiday { date, name: name.clone() });
                    }
                }
            }
            Err(error) => errors.push(error),
        }
    }
    if holidays.is_empty() && errors.is_empty() {
        errors.push(ImportError::Empty);
    }
    if errors.is_empty() { Ok(holidays) } else { Err(errors) }
}

/// The dates of one event, as calendars have them.
fn dates(event: &Event) -> Result<Vec<String>, ImportError> {
    let name = || event.get_summary().unwrap_or("an event without a summary").to_owned();
    let Some(DatePerhapsTime::Date(from)) = event.get_start() else {
        return Err(ImportError::NoDate(name()));
    };
    let until = match event.get_end() {
        None => from + TimeDelta::days(1),
        Some(DatePerhapsTime::Date(until)) => until,
        Some(_) => return Err(ImportError::NoDate(name())),
    };
    let days = (until - from).num_days();
    if !(1..=LONGEST).contains(&days) {
        return Err(ImportError::Length(name()));
    }
    let rule = event.property_value("RRULE");
    if let Some(rule) = rule
        && !each_year(rule, from)
    {
        return Err(ImportError::Rule(name(), rule.to_owned()));
    }
    let format = if rule.is_some() { "%m-%d" } else { "%Y-%m-%d" };
    Ok(from.iter_days().take(days as usize).map(|date| date.format(format).to_string()).collect())
}

/// Whether a recurrence rule says no more than that the date comes back each year.
fn each_year(rule: &str, date: NaiveDate) -> bool {
    let (month, day) = (date.month().to_string(), date.day().to_string());
    let mut yearly = false;
    rule.split(';').all(|part| match part.split_once('=') {
        Some(("FREQ", "YEARLY")) => {
            yearly = true;
            true
        }
        Some(("INTERVAL", "1") | ("WKST", _)) => true,
        Some(("BYMONTH", value)) => value == month,
        Some(("BYMONTHDAY", value)) => value == day,
        _ => false,
    }) && yearly
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(events: &[&str]) -> String {
        let event = |event: &&str| format!("BEGIN:VEVENT\r\nUID:x\r\n{event}\r\nEND:VEVENT\r\n");
        let events: Vec<String> = events.iter().map(event).collect();
        let events = events.concat();
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{events}END:VCALENDAR\r\n")
    }

    fn read(events: &[&str]) -> Result<Vec<(String, Option<String>)>, Vec<ImportError>> {
        let holidays = holidays(&file(events))?;
        Ok(holidays.into_iter().map(|holiday| (holiday.date, holiday.name)).collect())
    }

    #[test]
    fn whole_days_are_holidays() {
        let good_friday = "SUMMARY:Good Friday\r\nDTSTART;VALUE=DATE:20260403\r\nDTEND;VALUE=DATE:20260404";
        let between =
            "SUMMARY:Between\r\n  the years\r\nDTSTART;VALUE=DATE:20261228\r\nDTEND;VALUE=DATE:20261231";
        let labour = "SUMMARY:Labour Day\r\nDTSTART;VALUE=DATE:20260501\r\nRRULE:FREQ=YEARLY;BYMONTH=5";
        let cancelled = "SUMMARY:Gone\r\nSTATUS:CANCELLED\r\nDTSTART;VALUE=DATE:20260601";
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(
            read(&[good_friday, good_friday, between, labour, cancelled]).unwrap(),
            [
                ("2026-04-03".into(), some("Good Friday")),
                ("2026-12-28".into(), some("Between the years")),
                ("2026-12-29".into(), some("Between the years")),
                ("2026-12-30".into(), some("Between the years")),
                ("05-01".into(), some("Labour Day")),
            ]
        );
    }

    #[test]
    fn everything_else_is_named() {
        let errors = read(&[
            "SUMMARY:Party\r\nDTSTART:20261224T140000Z",
            "SUMMARY:Easter\r\nDTSTART;VALUE=DATE:20260405\r\nRRULE:FREQ=YEARLY;BYDAY=1SU",
            "SUMMARY:Backwards\r\nDTSTART;VALUE=DATE:20260405\r\nDTEND;VALUE=DATE:20260401",
        ])
        .unwrap_err();
        assert_eq!(
            errors,
            [
                ImportError::NoDate("Party".into()),
                ImportError::Rule("Easter".into(), "FREQ=YEARLY;BYDAY=1SU".into()),
                ImportError::Length("Backwards".into()),
            ]
        );
        assert_eq!(holidays("Dear all, we are closed at Easter."), Err(vec![ImportError::Unreadable]));
        assert_eq!(read(&[]), Err(vec![ImportError::Empty]));
    }
}
