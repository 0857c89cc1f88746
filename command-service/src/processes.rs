//! What happens by itself: processes that follow the log or the time, and append what comes of it.
//!
//! Each has a leader among the instances. What it appends is decided on the stream's present version and
//! appended to that alone, under ids that follow from what it is about; so doing it again, or in two
//! places at once, does nothing.

mod lease;
pub(crate) mod timers;
