//! When a desk works: weekly hours in a time zone, without its holidays.
//!
//! Whether an instant is working time is a question to the clock on the wall: the local time of day lies
//! in one of the weekday's windows, from the first moment of it to just before its last, and the local
//! date is no holiday. All arithmetic follows from that, whatever the clock on the wall does: an hour
//! that is skipped in spring isn't worked, one that comes twice in autumn is worked twice.

mod check;
mod hours;
mod icalendar;
mod spec;
mod year;

pub use check::CalendarError;
pub use hours::Calendar;
pub use icalendar::{ImportError, Imported, Note, holidays};
pub use spec::{CalendarSpec, Day, Holiday, TimeOfDay, Window};

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
