//! The ticket: what can be done to it ([`commands`]), what can happen to it ([`event`]), and what
//! it is after that ([`Ticket`]).

mod aggregate;
mod apply;
pub mod commands;
mod context;
mod error;
pub mod event;
pub mod import;
mod state;
pub mod upcast;
mod workflow;

pub use aggregate::{TicketRequest, TicketServices};
pub use commands::TicketCommand;
pub use context::Context;
pub use error::{Kind, TicketError};
pub use event::TicketEvent;
pub use state::{AssignmentChange, Message, Rating, Ticket};
