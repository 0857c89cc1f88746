//! What a tenant's figures are reckoned by, as it holds after so many of the tenant's events.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;

use crate::event::Event;
use crate::sla::calendar::Calendar;
use crate::sla::{Configuration, Sla};
use crate::tenant::{Reporting, TenantEvent};

/// Time zone, working hours and rates of a tenant.
#[derive(Clone, Debug)]
pub struct Office {
    reporting: Reporting,
    sla: Sla,
    zone: Tz,
    calendar: Option<Arc<Calendar>>,
}

/// What an event changed of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Days begin at other times: what was summed up by days is to be summed up anew.
    Days,
    /// Only what comes from here on is reckoned otherwise.
    FromHereOn,
}

impl Default for Office {
    fn default() -> Self {
        // What calendars reckon once for each year is worth keeping.
        static STARTING: LazyLock<Office> =
            LazyLock::new(|| Office::kept(Reporting::default(), Configuration::starting().clone()));
        STARTING.clone()
    }
}

impl Office {
    /// As it was kept.
    pub fn kept(reporting: Reporting, configuration: Configuration) -> Self {
        let sla = Sla { configuration: Arc::new(configuration) };
        let (zone, calendar) = (reporting.zone(), calendar(&reporting, &sla));
        Self { reporting, sla, zone, calendar }
    }

    /// Takes in what happened; says what that changed, if anything.
    pub fn take(&mut self, event: &Event) -> Option<Change> {
        let before = self.zone;
        match event {
            Event::Tenant(TenantEvent::ReportingChanged(event)) => self.reporting = event.to.clone(),
            Event::Sla(event) => self.sla.apply(event.clone()),
            _ => return None,
        }
        self.zone = self.reporting.zone();
        self.calendar = calendar(&self.reporting, &self.sla);
        Some(if self.zone == before { Change::FromHereOn } else { Change::Days })
    }

    /// As the tenant said it.
    pub fn reporting(&self) -> &Reporting {
        &self.reporting
    }

    /// The policies and calendars.
    pub fn configuration(&self) -> &Configuration {
        &self.sla.configuration
    }

    /// In which days begin.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The local date of an instant (microseconds since 1970), and the hour that a local clock shows.
    pub fn day(&self, at: i64) -> (NaiveDate, i32) {
        let local = instant(at).with_timezone(&self.zone);
        (local.date_naive(), local.hour() as i32)
    }

    /// The working time from one instant to another (microseconds since 1970), in milliseconds.
    pub fn working(&self, from: i64, to: i64) -> i64 {
        match &self.calendar {
            Some(calendar) => calendar.between(instant(from), instant(to)).num_milliseconds(),
            None => wall(from, to),
        }
    }
}

/// The time from one instant to another by the clock on the wall, in milliseconds.
pub(super) fn wall(from: i64, to: i64) -> i64 {
    (to - from).max(0) / 1_000
}

fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// The calendar that is named, if it is still there; else that of the first policy that counts by one.
fn calendar(reporting: &Reporting, sla: &Sla) -> Option<Arc<Calendar>> {
    let calendars = &sla.configuration.calendars;
    let named = reporting.calendar.as_ref();
    let promised = sla.configuration.policies.iter().filter_map(|policy| policy.calendar.as_ref());
    let spec = named.into_iter().chain(promised).find_map(|key| calendars.get(key))?;
    // It was checked when it was taken.
    Calendar::new(spec).ok().map(Arc::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sla::event::{CalendarRemoved, SlaEvent};
    use crate::tenant::ReportingChanged;

    fn micros(text: &str) -> i64 {
        text.parse::<DateTime<Utc>>().unwrap().timestamp_micros()
    }

    fn hours(office: &Office, from: &str, to: &str) -> f64 {
        office.working(micros(from), micros(to)) as f64 / 3_600_000.0
    }

    #[test]
    fn working_time_goes_by_the_calendar_that_is_there() {
        let mut office = Office::default();
        // Friday 16:00 to Monday 10:00, nine to five.
        let (from, to) = ("2026-11-20T16:00:00Z", "2026-11-23T10:00:00Z");
        assert!((hours(&office, from, to) - 2.0).abs() < 1e-9);
        let calendar = office.configuration().calendars["office"].clone();
        let gone: SlaEvent = CalendarRemoved { key: "office".into(), calendar }.into();
        assert_eq!(office.take(&Event::Sla(gone)), Some(Change::FromHereOn));
        assert!((hours(&office, from, to) - 66.0).abs() < 1e-9);
    }

    #[test]
    fn days_begin_in_the_tenants_time_zone() {
        let mut office = Office::default();
        let to = Reporting { time_zone: "Asia/Kathmandu".into(), ..Reporting::default() };
        let change = ReportingChanged { from: Reporting::default(), to };
        assert_eq!(office.take(&Event::Tenant(change.into())), Some(Change::Days));
        let (day, hour) = office.day(micros("2026-11-26T18:20:00Z"));
        assert_eq!((day.to_string().as_str(), hour), ("2026-11-27", 0));
    }
}
