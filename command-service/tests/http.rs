//! The command service over HTTP, on a real Postgres.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these are tests; clippy.toml spares #[test] alone"
)]

#[path = "http/access.rs"]
mod access;
#[path = "http/backtest.rs"]
mod backtest;
#[path = "http/bad_input.rs"]
mod bad_input;
#[path = "http/bulk.rs"]
mod bulk;
#[path = "http/calendars.rs"]
mod calendars;
#[path = "http/contract.rs"]
mod contract;
#[path = "../../tests/src/documented.rs"]
mod documented;
#[path = "http/exports.rs"]
mod exports;
#[path = "http/harness.rs"]
mod harness;
#[path = "http/life.rs"]
mod life;
#[path = "http/outage.rs"]
mod outage;
#[path = "http/policies.rs"]
mod policies;
#[path = "http/process.rs"]
mod process;
#[path = "http/public_versions.rs"]
mod public_versions;
#[path = "http/retries.rs"]
mod retries;
#[path = "http/tenants.rs"]
mod tenants;
#[path = "http/writers.rs"]
mod writers;
