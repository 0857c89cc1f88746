//! What can be asked about queues.

pub(crate) mod list;
