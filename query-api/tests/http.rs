//! Queries against a real Postgres: events go into the log, projections fold them, and answers are
//! held to what they promise.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on may panic")]

#[path = "http/access.rs"]
mod access;
#[path = "http/app.rs"]
mod app;
#[path = "http/asked_alike.rs"]
mod asked_alike;
#[path = "http/audit.rs"]
mod audit;
#[path = "http/canaries.rs"]
mod canaries;
#[path = "../../tests/src/documented.rs"]
mod documented;
#[path = "http/event_ways.rs"]
mod event_ways;
#[path = "http/events.rs"]
mod events;
#[path = "http/export_lists.rs"]
mod export_lists;
#[path = "http/export_records.rs"]
mod export_records;
#[path = "http/exports.rs"]
mod exports;
#[path = "http/former_texts.rs"]
mod former_texts;
#[path = "http/freshness.rs"]
mod freshness;
#[path = "http/golden.rs"]
mod golden;
#[path = "http/hanging_up.rs"]
mod hanging_up;
#[path = "http/hostile.rs"]
mod hostile;
#[path = "http/lists.rs"]
mod lists;
#[path = "http/pages.rs"]
mod pages;
#[path = "http/parked.rs"]
mod parked;
#[path = "http/promises.rs"]
mod promises;
#[path = "http/recorder.rs"]
mod recorder;
#[path = "http/reporting.rs"]
mod reporting;
#[path = "http/same_bytes.rs"]
mod same_bytes;
#[path = "http/sla_rows.rs"]
mod sla_rows;
#[path = "http/sla_stats.rs"]
mod sla_stats;
#[path = "http/slow_readers.rs"]
mod slow_readers;
#[path = "http/socket.rs"]
mod socket;
#[path = "http/sockets.rs"]
mod sockets;
#[path = "http/sse.rs"]
mod sse;
#[path = "http/standings.rs"]
mod standings;
#[path = "http/stats.rs"]
mod stats;
#[path = "http/stats_paths.rs"]
mod stats_paths;
#[path = "http/ticket.rs"]
mod ticket;
#[path = "http/tickets.rs"]
mod tickets;
