//! What can be asked about events.

mod filter;
pub(crate) mod list;
pub(crate) mod socket;
pub(crate) mod stream;
