//! Take holidays over from an iCalendar file.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::input::FieldError;
use crate::sla::calendar::{ImportError, Imported, Note, holidays};
use crate::sla::event::SlaEvent;
use crate::sla::{Configuration, Sla, SlaError};

/// For so many years to come the dates of a rule without an end are taken: as far as any promise reaches,
/// and as far again.
const YEARS: i32 = 20;

/// Adds a file's holidays to those of a calendar. Dates that are there already stay as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportHolidays {
    key: String,
    body: ImportHolidaysBody,
    /// The last date that is taken of a rule without an end.
    until: NaiveDate,
    read: Option<Result<Imported, ImportError>>,
}

/// An iCalendar file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportHolidays)]
pub struct ImportHolidaysBody {
    /// The file's text (RFC 5545). Its events that last whole days are taken, on each date that they have by
    /// their rules; those of a rule without an end for the next 20 years.
    pub icalendar: String,
    /// Whether one event that can't be taken refuses the whole. Otherwise the answer names it.
    #[serde(default)]
    pub strict: bool,
}

/// What came of a file, for whoever sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportedHolidays)]
pub struct ImportReport {
    /// How many dates the calendar got that weren't there.
    pub added: usize,
    /// The events that were left out, and why; 100 at most.
    pub left_out: Vec<Note>,
    /// What there is to know of events that were taken; 100 at most.
    pub notes: Vec<Note>,
    /// How many more there would be to name.
    pub more: usize,
}

impl ImportHolidays {
    /// Takes over a file's holidays into the calendar of this key, as of a moment.
    pub fn new(key: String, body: ImportHolidaysBody, now: DateTime<Utc>) -> Self {
        let until = NaiveDate::from_ymd_opt(now.year() + YEARS, 12, 31).unwrap_or(NaiveDate::MAX);
        Self { key, body, until, read: None }
    }

    /// The same with its file read, which takes work: whoever carries it out has that done beforehand, where
    /// it holds up nobody. `stop` is asked again and again whether to go on.
    pub fn read(self, stop: &dyn Fn() -> bool) -> Self {
        let read = Some(self.file(stop));
        Self { read, ..self }
    }

    /// Whether reading was given up because it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.read == Some(Err(ImportError::Stopped))
    }

    fn file(&self, stop: &dyn Fn() -> bool) -> Result<Imported, ImportError> {
        self.read.clone().unwrap_or_else(|| holidays(&self.body.icalendar, self.until, stop))
    }

    /// Decides.
    pub fn decide(&self, sla: &Sla) -> Result<Vec<SlaEvent>, SlaError> {
        let mut wanted = Configuration::clone(&sla.configuration);
        let calendar = wanted.calendars.get_mut(&self.key).ok_or(SlaError::NotFound("calendar"))?;
        let pointer = || "/icalendar".to_owned();
        let invalid = |code, detail| FieldError { pointer: pointer(), code, detail };
        let imported = self
            .file(&|| false)
            .map_err(|error| SlaError::Invalid(vec![invalid("invalid", error.to_string())]))?;
        if !imported.left_out.is_empty() && (self.body.strict || imported.holidays.is_empty()) {
            let fault = |note: &Note| {
                invalid("invalid", format!("{:?}, line {}: {}", note.event, note.line, note.detail))
            };
            return Err(SlaError::Invalid(imported.left_out.iter().map(fault).collect()));
        }
        let known: HashSet<&String> = calendar.holidays.iter().map(|holiday| &holiday.date).collect();
        let new: Vec<_> =
            imported.holidays.into_iter().filter(|holiday| !known.contains(&holiday.date)).collect();
        calendar.holidays.extend(new);
        sla.becomes(&wanted, |_| pointer())
    }

    /// What came of it, once it is decided.
    pub fn report(&self, events: &[SlaEvent]) -> ImportReport {
        let added = events.iter().map(|event| match event {
            SlaEvent::CalendarChanged(changed) => {
                changed.to.holidays.len().saturating_sub(changed.from.holidays.len())
            }
            _ => 0,
        });
        let Imported { left_out, notes, more, .. } = self.file(&|| false).unwrap_or_default();
        ImportReport { added: added.sum(), left_out, notes, more }
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }
}
