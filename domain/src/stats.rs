//! Statistics: what is measured, by what, and how percentiles are told from counts.
//!
//! A ticket counts under what it is now, and each thing counts when it happened: [`Ticket`] folds events into
//! what is counted of it, by what its tenant's [`Office`] says of days, working hours and rates.

mod counted;
mod measure;
mod office;
pub mod sketch;
mod standing;
mod ticket;

pub use counted::Counted;
pub use measure::{Dimension, Measure};
pub use office::{Change, Office};
pub use ticket::{Ticket, View};
