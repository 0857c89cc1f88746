//! Calendars.

mod add;
mod change;
mod import_holidays;
mod remove;

use domain::sla::commands::{AddCalendar, ChangeCalendar, ImportHolidays, RemoveCalendar};

use super::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::configures::<AddCalendar>(),
        Endpoint::configures::<ChangeCalendar>(),
        Endpoint::configures::<RemoveCalendar>(),
        Endpoint::configures::<ImportHolidays>(),
    ]
}
