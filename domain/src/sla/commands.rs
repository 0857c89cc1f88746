//! What can be done to a tenant's policies and calendars: one file per verb, each a struct that decides.
//!
//! Each says what the whole is to become; whether that holds together, and what it comes to in events,
//! is decided in one place (`Sla::becomes`).

mod add_calendar;
mod add_policy;
mod change;
mod change_calendar;
mod change_policy;
mod import_holidays;
mod parts;
mod remove_calendar;
mod remove_policy;

pub use add_calendar::AddCalendar;
pub use add_policy::AddPolicy;
pub use change::ChangeSla;
pub use change_calendar::ChangeCalendar;
pub use change_policy::ChangePolicy;
pub use import_holidays::{ImportHolidays, ImportHolidaysBody, ImportReport};
pub use remove_calendar::RemoveCalendar;
pub use remove_policy::RemovePolicy;

use super::event::SlaEvent;
use super::{Sla, SlaError};
use crate::identity::Operation;

macro_rules! sla_commands {
    ($($name:ident = $operation:ident;)+) => {
        /// A command of any verb.
        #[derive(Clone, Debug, PartialEq)]
        pub enum SlaCommand {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)+
        }

        $(impl From<$name> for SlaCommand {
            fn from(command: $name) -> Self {
                Self::$name(command)
            }
        })+

        impl SlaCommand {
            /// What it needs to be allowed.
            pub fn operation(&self) -> Operation {
                match self { $(Self::$name(_) => Operation::$operation,)+ }
            }

            /// Decides what the command does. Nothing to do is an empty list.
            pub fn decide(&self, sla: &Sla) -> Result<Vec<SlaEvent>, SlaError> {
                match self { $(Self::$name(command) => command.decide(sla),)+ }
            }

            /// The policy or calendar that it is about; empty if it is about all.
            pub fn key(&self) -> &str {
                match self { $(Self::$name(command) => command.key(),)+ }
            }
        }
    };
}

sla_commands! {
    AddPolicy = AddPolicy;
    ChangePolicy = ChangePolicy;
    RemovePolicy = RemovePolicy;
    AddCalendar = AddCalendar;
    ChangeCalendar = ChangeCalendar;
    RemoveCalendar = RemoveCalendar;
    ImportHolidays = ImportHolidays;
    ChangeSla = ChangeSla;
}

#[cfg(test)]
mod tests;
