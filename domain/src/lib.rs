//! What Docket decides, and nothing else: commands, events, state, policies.
//!
//! Pure: no I/O, no clock of its own, no randomness. Whoever calls brings the
//! time and the ids ([`ticket::Context`]), and gets events or an error back.

pub mod disclosure;
pub mod event;
pub mod export;
pub mod identity;
pub mod ids;
pub mod input;
pub mod metadata;
pub mod personal;
pub mod search;
pub mod sla;
pub mod stats;
pub mod stream;
pub mod tenant;
pub mod ticket;
pub mod time;
