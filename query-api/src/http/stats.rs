//! What can be asked about how the work went.

pub(crate) mod agents;
pub(crate) mod busiest;
pub(crate) mod dashboard;
mod days;
mod facts;
mod figures;
mod file;
mod find;
pub(crate) mod overview;
mod past;
mod period;
mod query;
mod recent;
pub(crate) mod satisfaction;
pub(crate) mod sla;
mod tag;
mod tags;
pub(crate) mod top;
mod tree;
pub(crate) mod volume;
