//! What can be asked about the audit trail.

mod export;
pub(crate) mod filter;
pub(crate) mod search;
