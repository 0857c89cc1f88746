//! Commands on a message of a ticket.

mod edit;
mod read;
mod redact;
