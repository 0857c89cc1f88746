//! Take holidays over from an iCalendar file.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::input::FieldError;
use crate::sla::calendar::holidays;
use crate::sla::event::SlaEvent;
use crate::sla::{Configuration, Sla, SlaError};

/// Adds a file's holidays to those of a calendar. Dates that are there already stay as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportHolidays {
    /// Which calendar.
    pub key: String,
    /// The file.
    pub body: ImportHolidaysBody,
}

/// An iCalendar file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportHolidays)]
pub struct ImportHolidaysBody {
    /// The file's text (RFC 5545). Its events last whole days, once or each year.
    pub icalendar: String,
}

impl ImportHolidays {
    /// Decides.
    pub fn decide(&self, sla: &Sla) -> Result<Vec<SlaEvent>, SlaError> {
        let mut wanted = Configuration::clone(&sla.configuration);
        let calendar = wanted.calendars.get_mut(&self.key).ok_or(SlaError::NotFound("calendar"))?;
        let pointer = || "/icalendar".to_owned();
        let found = holidays(&self.body.icalendar).map_err(|errors| {
            let fault = |error: &crate::sla::calendar::ImportError| FieldError {
                pointer: pointer(),
                code: "invalid",
                detail: error.to_string(),
            };
            SlaError::Invalid(errors.iter().map(fault).collect())
        })?;
        for holiday in found {
            if calendar.holidays.iter().all(|known| known.date != holiday.date) {
                calendar.holidays.push(holiday);
            }
        }
        sla.becomes(&wanted, |_| pointer())
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }
}
