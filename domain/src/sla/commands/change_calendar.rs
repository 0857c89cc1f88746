//! Change a calendar.

use serde_json::{Map, Value};

use super::parts::patched;
use crate::sla::event::SlaEvent;
use crate::sla::{Configuration, Sla, SlaError};

/// Changes what is named of a calendar; what is null goes. What is due is reckoned anew from the start.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeCalendar {
    /// Which.
    pub key: String,
    /// A JSON Merge Patch (RFC 7396).
    pub patch: Map<String, Value>,
}

impl ChangeCalendar {
    /// Decides.
    pub fn decide(&self, sla: &Sla) -> Result<Vec<SlaEvent>, SlaError> {
        let mut wanted = Configuration::clone(&sla.configuration);
        let calendar = wanted.calendars.get_mut(&self.key).ok_or(SlaError::NotFound("calendar"))?;
        *calendar = patched(calendar, &self.patch)?;
        sla.becomes(&wanted, |error| error.pointer_in_calendar(&self.key))
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }
}
