//! What can be asked about how the work went.

pub(crate) mod agents;
mod cells;
pub(crate) mod overview;
pub(crate) mod satisfaction;
pub(crate) mod sla;
pub(crate) mod volume;
