//! The log on a real Postgres and a real nats-server.
//!
//! `DOCKET_TEST_DATABASE_URL` and `DOCKET_TEST_NATS_URL` say where; `make test` sets them.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "log/append.rs"]
mod append;
#[path = "log/cell.rs"]
mod cell;
#[path = "log/idempotency.rs"]
mod idempotency;
#[path = "log/load.rs"]
mod load;
#[path = "log/numbers.rs"]
mod numbers;
#[path = "log/parked.rs"]
mod parked;
#[path = "log/protection.rs"]
mod protection;
#[path = "log/public_form.rs"]
mod public_form;
#[path = "log/relay.rs"]
mod relay;
#[path = "log/subscription.rs"]
mod subscription;
