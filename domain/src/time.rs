//! Time and ids, as arguments.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Tells the time. The system's clock lives in `service-kit`; tests bring their own.
pub trait Clock: Send + Sync + 'static {
    /// Now, in UTC, to the microsecond.
    fn now(&self) -> DateTime<Utc>;
}

/// Makes ids. The system's source lives in `service-kit`; tests bring their own.
pub trait Ids: Send + Sync + 'static {
    /// A new UUIDv7.
    fn next(&self) -> Uuid;
}
