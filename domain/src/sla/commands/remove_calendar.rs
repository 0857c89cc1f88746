//! Take a calendar away.

use crate::sla::event::SlaEvent;
use crate::sla::{Configuration, Sla, SlaError};

/// Takes a calendar away. One that a policy counts by stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveCalendar {
    /// Which.
    pub key: String,
}

impl RemoveCalendar {
    /// Decides.
    pub fn decide(&self, sla: &Sla) -> Result<Vec<SlaEvent>, SlaError> {
        let mut wanted = Configuration::clone(&sla.configuration);
        wanted.calendars.remove(&self.key).ok_or(SlaError::NotFound("calendar"))?;
        let users = wanted.policies.iter().filter(|policy| policy.calendar.as_deref() == Some(&self.key));
        let users: Vec<_> = users.map(|policy| policy.key.clone()).collect();
        if !users.is_empty() {
            return Err(SlaError::InUse { key: self.key.clone(), policies: users });
        }
        sla.becomes(&wanted, |_| String::new())
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }
}
