//! History from other desks: read, told in Docket's events, appended, reported.
//!
//! Promises: a ticket's history is appended whole or not at all, under ids that follow from the
//! source, so an import that was killed and started again ends as one that wasn't, and a second
//! run adds nothing. A file that has grown since adds what is new, unless the ticket went on here.

pub(crate) mod append;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod servicenow;
