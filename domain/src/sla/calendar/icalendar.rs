//! Holidays from an iCalendar file (RFC 5545): its events that last whole days, on each of their dates.
//!
//! An event whose dates can't be known, or which lasts hours, is left out and named; nothing that changes
//! dates is passed over. A file that isn't whole is refused as such. What a rule says without an end is
//! listed up to a last date, and that is said too.
//!
//! Work and memory are bounded by the file's length and by the number of dates that a calendar takes: dates
//! are counted while they are listed, and whatever is looked at on the way to them.

mod event;
mod lines;
mod rule;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::event::{Event, Recurring};
use self::lines::properties;
use super::check::HOLIDAYS;
use super::spec::Holiday;

/// Rules are followed from this year on: there are no tickets of earlier ones.
const FIRST_YEAR: i32 = 1970;
/// The most dates that are looked at for one file.
const STEPS: u64 = 2_000_000;
/// How deep components are within others.
const DEEPEST: usize = 16;
/// How many events that are left out are named.
const NAMED: usize = 100;

/// What came of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The holidays, each date once, in the order of dates.
    pub holidays: Vec<Holiday>,
    /// The events that were left out, and why.
    pub left_out: Vec<Note>,
    /// What there is to know of events that were taken.
    pub notes: Vec<Note>,
    /// How many more there would be to name.
    pub more: usize,
}

/// Something that is to be known of an event of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// The event: its name, else its UID.
    pub event: String,
    /// The line of the file that it begins on, from 1.
    pub line: usize,
    /// What, for programs; stable.
    pub code: String,
    /// What, for people.
    pub detail: String,
}

/// Why nothing of a file can be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It isn't one.
    #[error("it can't be read as iCalendar (RFC 5545): there is no BEGIN:VCALENDAR in it")]
    Unreadable,
    /// A part of it is missing, or its parts don't fit.
    #[error("line {0}: {1}")]
    Broken(usize, &'static str),
    /// There is nothing in it.
    #[error("there is no event in it")]
    Empty,
    /// More dates than a calendar takes.
    #[error("it comes to more than {HOLIDAYS} dates, which is as many as a calendar takes")]
    TooMany,
    /// Its rules take too much work.
    #[error("its rules take too much work: have the file list the dates")]
    Work,
    /// Whoever asked had it stopped.
    #[error("there was no time for it")]
    Stopped,
}

/// Why an event is left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("it has no date: DTSTART is missing")]
    NoDate,
    #[error("it has a time of day: holidays are whole days (DTSTART;VALUE=DATE)")]
    Timed,
    #[error("it ends before it begins, or lasts for more than a year")]
    Length,
    #[error("it recurs by {0:?}, which is not understood: have the file list the dates")]
    Rule(String),
    #[error("{0} is {1:?}, which can't be read")]
    Value(String, String),
    #[error("a line can't be read: {0:?}")]
    Line(String),
    #[error("it changes a whole series from one date on (RANGE): have the file list the dates")]
    Range,
    #[error("its rule gives no date")]
    Nothing,
}

impl Fault {
    fn code(&self) -> &'static str {
        match self {
            Self::NoDate => "no_date",
            Self::Timed => "timed",
            Self::Length => "length",
            Self::Rule(_) | Self::Range => "rule_not_understood",
            Self::Value(..) | Self::Line(_) => "unreadable",
            Self::Nothing => "no_dates",
        }
    }
}

/// The holidays in an iCalendar file, up to a last date. Events that are cancelled are none. `stop` is asked
/// again and again whether to go on.
pub fn holidays(text: &str, until: NaiveDate, stop: &dyn Fn() -> bool) -> Result<Imported, ImportError> {
    let events = events(text)?;
    // What stands in the place of a date of a series takes that date away from it.
    let mut replaced: HashMap<&str, BTreeSet<NaiveDate>> = HashMap::new();
    for event in &events {
        if let (Ok(Some(date)), Some(uid)) = (event.in_place_of(), event.uid()) {
            replaced.entry(uid).or_default().insert(date);
        }
    }
    let mut listing =
        Listing { until, steps: Cell::new(STEPS), dates: BTreeMap::new(), yearly: BTreeMap::new() };
    let mut imported = Imported::default();
    for event in &events {
        if stop() {
            return Err(ImportError::Stopped);
        }
        if event.is_cancelled() {
            continue;
        }
        let recurring = event.in_place_of().and_then(|place| {
            let recurring = event.recurring()?;
            // One date of a series has no series of its own.
            if place.is_some() && !recurring.rules.is_empty() {
                Err(Fault::Range)
            } else {
                Ok((place, recurring))
            }
        });
        let notes = match recurring {
            Ok((place, mut recurring)) => {
                if place.is_none()
                    && let Some(replaced) = event.uid().and_then(|uid| replaced.get(uid))
                {
                    listing.leave_out(&mut recurring, replaced);
                }
                listing.list(event, &recurring)?
            }
            Err(fault) => Err(fault),
        };
        imported.note(event, notes);
    }
    let found = listing.dates.into_iter().map(|(date, name)| (date.format("%Y-%m-%d").to_string(), name));
    let yearly =
        listing.yearly.into_iter().map(|((month, day), name)| (format!("{month:02}-{day:02}"), name));
    imported.holidays = found.chain(yearly).map(|(date, name)| Holiday { date, name }).collect();
    if imported.holidays.is_empty() && imported.left_out.is_empty() {
        return Err(ImportError::Empty);
    }
    Ok(imported)
}

impl Imported {
    fn note(&mut self, event: &Event, notes: Result<Vec<(&'static str, String)>, Fault>) {
        let (notes, list) = match notes {
            Ok(notes) => (notes, &mut self.notes),
            Err(fault) => (vec![(fault.code(), fault.to_string())], &mut self.left_out),
        };
        for (code, detail) in notes {
            if list.len() >= NAMED {
                self.more += 1;
                continue;
            }
            list.push(Note { event: event.said(), line: event.line, code: code.to_owned(), detail });
        }
    }
}

/// The dates of events, while they are listed.
struct Listing {
    until: NaiveDate,
    steps: Cell<u64>,
    dates: BTreeMap<NaiveDate, Option<String>>,
    yearly: BTreeMap<(u32, u32), Option<String>>,
}

type Notes = Result<Vec<(&'static str, String)>, Fault>;

impl Listing {
    /// Takes the dates out of a series on which something else stands in its place.
    fn leave_out(&self, recurring: &mut Recurring, replaced: &BTreeSet<NaiveDate>) {
        let mut gone: BTreeSet<NaiveDate> = recurring.more.intersection(replaced).copied().collect();
        for rule in &recurring.rules {
            let dates = rule.dates(recurring.first, self.until, &self.steps);
            gone.extend(dates.filter(|date| replaced.contains(date)));
        }
        recurring.without.extend(gone);
    }

    /// Lists an event's dates, with what there is to know of them.
    fn list(&mut self, event: &Event, recurring: &Recurring) -> Result<Notes, ImportError> {
        let Recurring { first, days, rules, more, without, without_rules } = recurring;
        let (first, days, name) = (*first, *days, event.name());
        let single = more.is_empty() && without.is_empty() && without_rules.is_empty() && days == 1;
        if let [rule] = rules.as_slice()
            && single
            && first.year() <= FIRST_YEAR
            && rule.is_each_year(first)
        {
            self.yearly.entry((first.month(), first.day())).or_insert(name);
            return self.within_bounds().map(|()| Ok(Vec::new()));
        }
        let mut notes = Vec::new();
        let mut found: BTreeSet<NaiveDate> = more.clone();
        if rules.is_empty() {
            found.insert(first);
        }
        for rule in rules {
            let mut given = 0;
            for date in rule.dates(first, self.until, &self.steps) {
                given += 1;
                if date.year() >= FIRST_YEAR {
                    found.insert(date);
                }
                if found.len() > HOLIDAYS {
                    return Err(ImportError::TooMany);
                }
            }
            if !rule.ends_by(self.until) && rule.count().is_none_or(|count| given < count) {
                let detail = format!("it has no end: its dates up to {} were taken", self.until);
                notes.push(("no_end", detail));
            }
        }
        if !rules.is_empty() && !found.contains(&first) && first.year() >= FIRST_YEAR && first <= self.until {
            let detail =
                format!("it begins on {first}, which its rule doesn't give: that date was not taken");
            notes.push(("first_not_in_rule", detail));
        }
        for rule in without_rules {
            for date in rule.dates(first, self.until, &self.steps) {
                found.remove(&date);
            }
        }
        let mut any = false;
        for begin in found.difference(without) {
            for date in begin.iter_days().take(days as usize) {
                any = true;
                self.steps.set(self.steps.get().saturating_sub(1));
                self.dates.entry(date).or_insert_with(|| name.clone());
                self.within_bounds()?;
            }
        }
        self.within_bounds()?;
        if !any && without.is_empty() && without_rules.is_empty() {
            return Ok(Err(Fault::Nothing));
        }
        Ok(Ok(notes))
    }

    fn within_bounds(&self) -> Result<(), ImportError> {
        if self.dates.len() + self.yearly.len() > HOLIDAYS {
            return Err(ImportError::TooMany);
        }
        if self.steps.get() == 0 { Err(ImportError::Work) } else { Ok(()) }
    }
}

/// The events of all calendars of a file.
fn events(text: &str) -> Result<Vec<Event>, ImportError> {
    let mut events = Vec::new();
    let mut within: Vec<String> = Vec::new();
    let (mut calendars, mut last) = (0, 1);
    let mut current: Option<Event> = None;
    for property in properties(text) {
        let property = match property {
            Ok(property) => property,
            Err(unreadable) => {
                last = unreadable.line;
                if let Some(event) =
                    current.as_mut().filter(|_| within.last().is_some_and(|name| name == "VEVENT"))
                {
                    event.cannot_read(&unreadable.text);
                }
                continue;
            }
        };
        last = property.line;
        let name = || property.value.trim().to_ascii_uppercase();
        match property.name.as_str() {
            "BEGIN" => {
                let name = name();
                match (name.as_str(), within.last().map(String::as_str)) {
                    ("VCALENDAR", None) => calendars += 1,
                    (_, None) => return Err(ImportError::Unreadable),
                    ("VCALENDAR", Some(_)) => {
                        return Err(ImportError::Broken(
                            last,
                            "a calendar begins before the one before it has ended",
                        ));
                    }
                    ("VEVENT", Some("VEVENT")) => {
                        return Err(ImportError::Broken(
                            last,
                            "an event begins before the one before it has ended",
                        ));
                    }
                    ("VEVENT", Some("VCALENDAR")) => current = Some(Event::begin(last)),
                    _ => {}
                }
                if within.len() >= DEEPEST {
                    return Err(ImportError::Broken(last, "its parts are nested too deep"));
                }
                within.push(name);
            }
            "END" => {
                if within.pop() != Some(name()) {
                    return Err(ImportError::Broken(last, "something ends here that hasn't begun"));
                }
                if within.len() == 1 {
                    events.extend(current.take());
                }
            }
            _ if within.last().is_some_and(|name| name == "VEVENT") => {
                if let Some(event) = current.as_mut() {
                    event.take(property);
                }
            }
            _ => {}
        }
    }
    match (calendars, within.is_empty()) {
        (0, _) => Err(ImportError::Unreadable),
        (_, true) => Ok(events),
        (_, false) => {
            Err(ImportError::Broken(last, "the file ends before its calendar does: a part of it is missing"))
        }
    }
}

#[cfg(test)]
mod tests;
