//! Commands in bulk.

mod item;

pub(super) mod execute;
