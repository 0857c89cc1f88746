//! How far the projections are, for those who wait in this process.

use std::sync::{Mutex, PoisonError};

use domain::ids::Position;
use tokio::sync::watch;

/// The positions that the read models show.
pub(super) struct Progress {
    each: Mutex<Vec<Position>>,
    least: watch::Sender<Position>,
}

impl Progress {
    pub(super) fn new(projections: usize) -> Self {
        Self { each: Mutex::new(vec![Position::START; projections]), least: watch::Sender::default() }
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
