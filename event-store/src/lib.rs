//! The event log: append, load, relay, subscriptions.
//!
//! Postgres holds the truth: the table `events`, gap-free positions in commit order, one
//! [`EventLog`] per process that appends whatever commands queued up in one statement (group
//! commit). `JetStream` holds a cache of it, filled by the [`relay`] and followed by
//! [`subscription`]s, which heal from the log whatever the stream loses, doubles or reorders.

pub mod append;
mod cache;
mod claims;
pub mod envelope;
mod error;
mod idempotency;
mod load;
mod log;
mod migrate;
mod numbers;
pub mod parked;
mod pause;
pub mod reader;
pub mod relay;
pub mod store;
pub mod subjects;
pub mod subscription;

pub use append::{Append, Claim, Idempotency, NewEvent, Outcome};
pub use envelope::{Decoded, RecordedEvent, StoredEvent};
pub use error::LogError;
pub use idempotency::StoredAnswer;
pub use load::Loaded;
pub use log::{EventLog, LogOptions};
pub use migrate::{MigrateError, migrate};
