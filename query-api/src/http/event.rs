//! What can be asked about events.

pub(crate) mod list;
pub(crate) mod stream;
