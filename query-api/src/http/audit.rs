//! What can be asked about the audit trail.

pub(crate) mod filter;
pub(crate) mod search;
