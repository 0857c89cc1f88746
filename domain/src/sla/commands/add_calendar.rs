//! Add a calendar.

use serde_json::{Map, Value};

use super::parts::read;
use crate::input::FieldError;
use crate::sla::calendar::CalendarSpec;
use crate::sla::event::SlaEvent;
use crate::sla::{Configuration, Sla, SlaError};

/// A new calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCalendar {
    /// Its key.
    pub key: String,
    /// The calendar.
    pub calendar: CalendarSpec,
}

impl AddCalendar {
    /// Reads a calendar that has its `key` beside it.
    pub fn read(mut body: Map<String, Value>) -> Result<Self, FieldError> {
        let wrong = |code, detail: &str| FieldError { pointer: "/key".into(), code, detail: detail.into() };
        let key = match body.remove("key") {
            Some(Value::String(key)) => key,
            Some(_) => return Err(wrong("wrong_type", "a text is wanted")),
            None => return Err(wrong("required", "a key is wanted: 1 to 64 of a-z, 0-9, _ and -")),
        };
        Ok(Self { key, calendar: read(Value::Object(body))? })
    }

    /// Decides.
    pub fn decide(&self, sla: &Sla) -> Result<Vec<SlaEvent>, SlaError> {
        let mut wanted = Configuration::clone(&sla.configuration);
        if wanted.calendars.insert(self.key.clone(), self.calendar.clone()).is_some() {
            return Err(SlaError::Exists { what: "calendar", key: self.key.clone() });
        }
        sla.becomes(&wanted, |error| error.pointer_in_calendar(&self.key))
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }
}
