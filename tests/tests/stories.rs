//! What people do with Docket, and what it must withstand, on real engines.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "stories/access.rs"]
mod access;
#[path = "stories/bad_input.rs"]
mod bad_input;
#[path = "stories/consumers.rs"]
mod consumers;
#[path = "stories/contract.rs"]
mod contract;
#[path = "stories/crash.rs"]
mod crash;
#[path = "stories/examples.rs"]
mod examples;
#[path = "stories/exports.rs"]
mod exports;
#[path = "stories/first_ticket.rs"]
mod first_ticket;
#[path = "stories/following.rs"]
mod following;
#[path = "stories/hostile_commands.rs"]
mod hostile_commands;
#[path = "stories/import.rs"]
mod import;
#[path = "stories/log.rs"]
mod log;
#[path = "stories/nats_faults.rs"]
mod nats_faults;
#[path = "stories/postgres_faults.rs"]
mod postgres_faults;
#[path = "stories/python.rs"]
mod python;
#[path = "stories/retries.rs"]
mod retries;
#[path = "stories/sla.rs"]
mod sla;
#[path = "stories/stats.rs"]
mod stats;
#[path = "stories/subscribers.rs"]
mod subscribers;
#[path = "stories/timers.rs"]
mod timers;
#[path = "stories/traces.rs"]
mod traces;
#[path = "stories/two_processes.rs"]
mod two_processes;
#[path = "stories/workspace.rs"]
mod workspace;
#[path = "stories/writers.rs"]
mod writers;
