//! What can be asked about projections.

pub(crate) mod list;
