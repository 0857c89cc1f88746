//! The harness of the whole-system tests: a real `docket` with engines of its own,
//! driven as its users drive it: by HTTP, by the command line, by signals.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]

mod access;
mod bench;
mod cell;
mod client;
mod documented;
mod process;
mod subscriber;
mod wait;

pub use access::{Access, Block as ServerBlock, Place as ConsumerPlace};
pub use bench::bench;
pub use cell::{Desk, Place, SetClock};
pub use client::{Answer, Client};
pub use process::{Docket, Options, docket_binary, signal};
pub use subscriber::{Subscriber, Way};
pub use wait::{DEADLINE, eventually};
