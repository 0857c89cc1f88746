//! What a service needs around its work: clock, settings, telemetry, pools, access, problems, health,
//! an orderly end.
//!
//! Promises that every service speaks HTTP in the same way (the conventions of the contract): one
//! form of error, one request id, one trace, one line of log per request. Knows nothing of tickets.

pub mod auth;
pub mod clock;
pub mod config;
pub mod health;
pub mod http;
pub mod lifecycle;
pub mod metrics;
pub mod peer;
pub mod postgres;
pub mod problem;
pub mod shares;
pub mod telemetry;
mod text;
pub mod wait;
