//! Folds the log into read models.
//!
//! What it promises: every read model is a function of the log. Each projection's checkpoint is
//! written in the transaction that writes its rows, so nothing is applied twice or left out, whoever
//! is killed when; what can't be applied parks its aggregate alone; and [`rebuild()`] makes any of them
//! anew beside the live one.
//!
//! The way of an event: the [`Runtime`] has a feed for each lane of projections (`lane`), which reads it
//! once for all of them (`entry`); each selects (`parking`) and folds it (`projections`), and writes rows
//! (`row`) and checkpoint (`applier`). What that costs is measured (`cost`).

mod applier;
mod build;
mod checkpoint;
mod connection;
mod cost;
mod entry;
mod install;
mod lane;
mod parking;
mod projections;
mod rebuild;
mod recount;
mod row;
mod runtime;
mod status;
mod verify;

pub use install::{MigrateError, migrate};
pub use rebuild::{RebuildError, Rebuilt, rebuild};
pub use recount::{FigureDifference, Recount, recount};
pub use runtime::{Runtime, RuntimeOptions};
pub use status::{Cost, ProjectionStatus, parked_note, status};
pub use verify::{Difference, compare, verify, verify_with};
