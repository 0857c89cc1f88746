//! Service levels: by when a ticket has to be answered and resolved, counted in working time.

pub mod calendar;
