//! Service levels: by when a ticket has to be answered and resolved, counted in working time.
//!
//! A tenant has [policies](policy) and [calendars](calendar). A ticket's [clocks](clock) follow from its
//! events and from these alone, so that each of their figures can be explained by the events that made it.

pub mod backtest;
pub mod calendar;
pub mod clock;
pub mod commands;
mod configuration;
pub mod event;
mod governing;
pub mod memory;
pub mod policy;
pub mod promises;
pub mod raise;
mod state;
pub mod watch;

pub use commands::SlaCommand;
pub use configuration::Configuration;
pub use governing::Governing;
pub use state::{Sla, SlaError};
