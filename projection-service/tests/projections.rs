//! The read models on a real Postgres: `make test` starts one and says where.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

#[path = "projections/access.rs"]
mod access;
#[path = "projections/database.rs"]
mod database;
#[path = "projections/each_event.rs"]
mod each_event;
#[path = "projections/keys.rs"]
mod keys;
#[path = "projections/parking.rs"]
mod parking;
#[path = "projections/rebuilding.rs"]
mod rebuilding;
#[path = "projections/running.rs"]
mod running;
#[path = "projections/searching.rs"]
mod searching;
#[path = "projections/sla.rs"]
mod sla;
#[path = "projections/stats.rs"]
mod stats;
#[path = "projections/story.rs"]
mod story;
