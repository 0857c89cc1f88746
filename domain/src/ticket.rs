//! The ticket.

pub mod event;

pub use event::TicketEvent;
