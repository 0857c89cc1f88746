//! How far the projections are, for those who wait in this process.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use domain::ids::Position;
use tokio::sync::watch;
use tokio::time::Instant;

/// The positions that the read models show.
pub(super) struct Progress {
    each: Mutex<Vec<Position>>,
    least: watch::Sender<Position>,
    late: Mutex<Option<Late>>,
}

/// That the first lane was behind.
#[derive(Clone, Copy)]
struct Late {
    index: usize,
    noticed: Instant,
}

/// How old what is applied may be before it counts as late: less than what people notice.
const LATE: TimeDelta = TimeDelta::milliseconds(250);
/// For how long it is believed: whoever was late and is silent since has caught up, or doesn't write any more.
const BELIEVED: Duration = Duration::from_secs(1);

impl Progress {
    pub(super) fn new(projections: usize) -> Self {
        Self {
            each: Mutex::new(vec![Position::START; projections]),
            least: watch::Sender::default(),
            late: Mutex::default(),
        }
    }

    /// A read model of the first lane has applied an event that was recorded so long ago.
    pub(super) fn applied(&self, index: usize, age: TimeDelta) {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        if age > LATE {
            *late = Some(Late { index, noticed: Instant::now() });
        } else if late.is_some_and(|late| late.index == index) {
            *late = None;
        }
    }

    /// Whether the first lane is late, as far as it is kept up by this process.
    pub(super) fn is_late(&self) -> bool {
        let late = *self.late.lock().unwrap_or_else(PoisonError::into_inner);
        late.is_some_and(|late| late.noticed.elapsed() < BELIEVED)
    }

    /// One of them is there now.
    pub(super) fn reached(&self, index: usize, position: Position) {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = each.get_mut(index) {
            *known = position;
        }
        let least = each.iter().min().copied().unwrap_or_default();
        self.least.send_if_modified(|known| std::mem::replace(known, least) != least);
    }

    pub(super) fn least(&self) -> watch::Receiver<Position> {
        self.least.subscribe()
    }

    pub(super) fn each(&self) -> Vec<Position> {
        self.each.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lane_is_late_until_whoever_was_late_is_not() {
        let progress = Progress::new(2);
        assert!(!progress.is_late());
        progress.applied(0, TimeDelta::seconds(2));
        // Another one that isn't late says nothing of the first.
        progress.applied(1, TimeDelta::milliseconds(3));
        assert!(progress.is_late());
        progress.applied(0, TimeDelta::milliseconds(3));
        assert!(!progress.is_late());
    }
}
