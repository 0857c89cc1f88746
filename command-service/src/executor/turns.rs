//! Turns at a ticket: commands on one ticket that come at once to this process are decided one after
//! the other, each on the state that the one before left. Without turns they would all be decided on
//! the same state, and all but one decided again. Other processes are met by the append's own check.

use std::hash::{BuildHasher, Hash, RandomState};

use tokio::sync::{Mutex, MutexGuard};

/// Tickets share turns by chance; with so many, those that are busy at once rarely do.
const TURNS: usize = 4096;

pub(super) struct Turns {
    turns: Box<[Mutex<()>]>,
    hasher: RandomState,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self { turns: (0..TURNS).map(|_| Mutex::new(())).collect(), hasher: RandomState::new() }
    }

    /// Waits for the turn at something; it lasts until the guard is dropped.
    pub(super) async fn at(&self, thing: &impl Hash) -> MutexGuard<'_, ()> {
        let index = self.hasher.hash_one(thing) as usize % TURNS;
        self.turns[index].lock().await
    }
}
