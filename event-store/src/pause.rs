//! The one home of waiting for time to pass: between tries, and as the net under being woken.

use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// Passes after so long.
#[expect(clippy::disallowed_methods, reason = "the one home of it in this crate")]
pub(crate) fn pause(length: Duration) -> Sleep {
    tokio::time::sleep(length)
}

/// Passes at a moment.
#[expect(clippy::disallowed_methods, reason = "the one home of it in this crate")]
pub(crate) fn pause_until(moment: Instant) -> Sleep {
    tokio::time::sleep_until(moment)
}
