//! One event of a file: on which days it is, and by what it comes back.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};

use super::Fault;
use super::lines::Property;
use super::rule::Rule;

/// The longest event, in days: more is no holiday.
const LONGEST: i64 = 366;
/// The longest name that is kept, in characters; what is cut off is marked by one more.
const LONGEST_NAME: usize = crate::input::MAX_NAME - 1;
/// How much of a name or a value is said again, in characters.
const SAID: usize = 100;

/// What a file says of an event, as far as it has to do with dates.
#[derive(Clone, Debug, Default)]
pub(super) struct Event {
    /// The line that it begins on.
    pub(super) line: usize,
    properties: Vec<Property>,
    /// A line that was to say something of its dates, and can't be read.
    unreadable: Option<String>,
}

/// The properties that say when an event is, or which.
const KNOWN: [&str; 12] = [
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXRULE",
    "EXDATE",
    "RECURRENCE-ID",
    "STATUS",
    "SUMMARY",
    "UID",
    "X-MICROSOFT-CDO-ALLDAYEVENT",
];

/// What an event's dates follow from.
#[derive(Clone, Debug)]
pub(super) struct Recurring {
    /// The day on which it begins.
    pub(super) first: NaiveDate,
    /// How many days it lasts.
    pub(super) days: u64,
    pub(super) rules: Vec<Rule>,
    pub(super) more: BTreeSet<NaiveDate>,
    pub(super) without: BTreeSet<NaiveDate>,
    pub(super) without_rules: Vec<Rule>,
}

impl Event {
    pub(super) fn begin(line: usize) -> Self {
        Self { line, ..Self::default() }
    }

    /// Takes what has to do with dates.
    pub(super) fn take(&mut self, property: Property) {
        if KNOWN.contains(&property.name.as_str()) {
            self.properties.push(property);
        }
    }

    /// Takes note of a line that can't be read: one of a description's is nothing to dates.
    pub(super) fn cannot_read(&mut self, text: &str) {
        let begins =
            |name: &&str| text.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
        if KNOWN.iter().any(begins) {
            self.unreadable.get_or_insert_with(|| cut(text, SAID));
        }
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Property> {
        self.properties.iter().filter(move |property| property.name == name)
    }

    /// The only one of a name: two of them that differ say nothing.
    fn only(&self, name: &'static str) -> Result<Option<&Property>, Fault> {
        let mut all = self.all(name);
        let first = all.next();
        match first.and_then(|first| all.find(|other| other.value != first.value)) {
            Some(other) => Err(Fault::value(other)),
            None => Ok(first),
        }
    }

    /// What people call it, as long as a holiday's name may be.
    pub(super) fn name(&self) -> Option<String> {
        let name = self.all("SUMMARY").next()?.text().replace(char::is_control, " ");
        let name = name.trim();
        (!crate::input::is_blank(name)).then(|| cut(name, LONGEST_NAME))
    }

    /// Which one it is, for whoever has the file before them.
    pub(super) fn said(&self) -> String {
        let name = self.name().or_else(|| self.uid().map(str::to_owned));
        cut(&name.unwrap_or_else(|| "an event without a name".to_owned()), SAID)
    }

    pub(super) fn uid(&self) -> Option<&str> {
        self.all("UID").next().map(|property| property.value.trim())
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.all("STATUS").any(|status| status.value.trim().eq_ignore_ascii_case("CANCELLED"))
    }

    /// The date of the series in whose place it stands.
    pub(super) fn in_place_of(&self) -> Result<Option<NaiveDate>, Fault> {
        let Some(property) = self.only("RECURRENCE-ID")? else { return Ok(None) };
        if property.parameter("RANGE").is_some() {
            return Err(Fault::Range);
        }
        When::read(property)?.date(property).map(Some)
    }

    /// What its dates follow from, or why there are none.
    pub(super) fn recurring(&self) -> Result<Recurring, Fault> {
        if let Some(text) = &self.unreadable {
            return Err(Fault::Line(text.clone()));
        }
        let (first, days) = self.days()?;
        let rules = |name| self.all(name).map(rule).collect::<Result<Vec<_>, _>>();
        Ok(Recurring {
            first,
            days,
            rules: rules("RRULE")?,
            more: self.dates("RDATE")?,
            without: self.dates("EXDATE")?,
            without_rules: rules("EXRULE")?,
        })
    }

    /// The first day, and how many there are.
    fn days(&self) -> Result<(NaiveDate, u64), Fault> {
        let start = self.only("DTSTART")?.ok_or(Fault::NoDate)?;
        let (end, duration) = (self.only("DTEND")?, self.only("DURATION")?);
        let whole_days = |first: NaiveDate| {
            let end = end.map(|end| Ok(((When::read(end)?.date(end)?) - first).num_days())).transpose()?;
            let duration = duration.map(days_of).transpose()?;
            match (end, duration) {
                (Some(end), Some(duration)) if end != duration => Err(Fault::Length),
                (end, duration) => Ok(end.or(duration)),
            }
        };
        let marked = self
            .all("X-MICROSOFT-CDO-ALLDAYEVENT")
            .any(|mark| mark.value.trim().eq_ignore_ascii_case("TRUE"));
        let first = match When::read(start)? {
            When::Date(first) => first,
            // From midnight to midnight, where the file's people are, is whole days.
            When::Midnight(first)
                if marked || whole_days(first).is_ok_and(|days| days.is_some_and(|days| days > 0)) =>
            {
                first
            }
            When::Midnight(_) | When::Time => return Err(Fault::Timed),
        };
        // One that ends on the day that it begins is that day: many programs write it so.
        let days = match whole_days(first)? {
            None | Some(0) => 1,
            Some(days) => days,
        };
        if !(1..=LONGEST).contains(&days) {
            return Err(Fault::Length);
        }
        Ok((first, days as u64))
    }

    fn dates(&self, name: &'static str) -> Result<BTreeSet<NaiveDate>, Fault> {
        let mut dates = BTreeSet::new();
        for property in self.all(name) {
            for value in property.value.split(',').filter(|value| !value.trim().is_empty()) {
                dates.insert(When::parse(value).ok_or_else(|| Fault::value(property))?.date(property)?);
            }
        }
        Ok(dates)
    }
}

fn rule(property: &Property) -> Result<Rule, Fault> {
    Rule::read(&property.value).ok_or_else(|| Fault::Rule(cut(&property.value, SAID)))
}

/// When something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Date(NaiveDate),
    /// A date's midnight, in the file's own time zone.
    Midnight(NaiveDate),
    Time,
}

impl When {
    fn read(property: &Property) -> Result<Self, Fault> {
        Self::parse(&property.value).ok_or_else(|| Fault::value(property))
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, time) = match text.split_once(['T', 't']) {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let digits =
            |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(date, 8) {
            return None;
        }
        let date = NaiveDate::parse_from_str(date, "%Y%m%d").ok()?;
        match time {
            None => Some(Self::Date(date)),
            Some("000000") => Some(Self::Midnight(date)),
            Some(time) => digits(time.trim_end_matches(['Z', 'z']), 6).then_some(Self::Time),
        }
    }

    /// The date that stands for a whole day.
    fn date(self, property: &Property) -> Result<NaiveDate, Fault> {
        match self {
            Self::Date(date) | Self::Midnight(date) => Ok(date),
            Self::Time if property.name.starts_with("DT") => Err(Fault::Timed),
            Self::Time => Err(Fault::value(property)),
        }
    }
}

/// A duration in days (RFC 5545, 3.3.6), if it is whole ones.
fn days_of(property: &Property) -> Result<i64, Fault> {
    let seconds = seconds(property.value.trim()).ok_or_else(|| Fault::value(property))?;
    let day = TimeDelta::days(1).num_seconds();
    if seconds % day == 0 { Ok(seconds / day) } else { Err(Fault::Timed) }
}

fn seconds(text: &str) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mut total, mut digits, mut any) = (0_i64, String::new(), false);
    for character in text.strip_prefix(['P', 'p'])?.chars() {
        let unit = match character.to_ascii_uppercase() {
            'T' if digits.is_empty() => continue,
            digit if digit.is_ascii_digit() => {
                digits.push(digit);
                continue;
            }
            'W' => 604_800,
            'D' => 86_400,
            'H' => 3_600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        let number: i64 = digits.parse().ok()?;
        total = total.checked_add(number.checked_mul(unit)?)?;
        digits.clear();
        any = true;
    }
    (any && digits.is_empty()).then_some(total * sign)
}

impl Fault {
    fn value(property: &Property) -> Self {
        Self::Value(property.name.clone(), cut(property.value.trim(), SAID))
    }
}

/// The beginning of a text.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
