//! Takes commands over HTTP, has them decided by `domain`, and appends their events.
//!
//! The way of one command: `http/<capability>/<verb>.rs` names the endpoint, [`http`] reads the
//! request (caller, permission, body), the [`Executor`] loads, decides and appends, deciding again
//! when another writer was faster. Answers are given after the commit is durable.

mod backpressure;
mod backtest;
mod capacity;
mod executor;
mod http;
mod processes;
mod service;

pub use backpressure::{BEHIND, Backpressure};
pub use backtest::{ReplayError, Replayed, Trial, replay};
pub use executor::{
    Answer, CommandError, CommandRequest, Executor, Extra, History, IdempotencyKey, Target, TenantAnswer,
    TenantRequestError, TicketRef,
};
pub use http::{openapi, router, routes};
pub use service::{CommandDeps, CommandService, RelayDeps};
