//! What can be asked about how the work went.

pub(crate) mod sla;
