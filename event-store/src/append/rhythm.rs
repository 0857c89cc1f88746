//! When a batch is full enough.
//!
//! Callers who were just answered come back together, but not at the same instant. Who takes the
//! first of them at once commits a batch of one, and everybody else waits for that commit: seen with
//! 64 callers, a third of all batches had one command, the others 63. So, under load, a batch waits
//! for those who are about to come back, for a small part of what a commit takes. A log that isn't
//! busy never waits.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::writer::Waiting;

/// Of what the last commit took, this part is waited at most.
const PART: u32 = 8;
/// And never longer than this.
const LONGEST: Duration = Duration::from_micros(500);

/// What the last batch was like.
#[derive(Default)]
pub(super) struct Rhythm {
    last: Option<Last>,
}

struct Last {
    /// How many were answered or already waited when it was done: as many may come now.
    expected: usize,
    done: Instant,
    took: Duration,
}

impl Rhythm {
    /// A batch is done that was begun then; so many were answered or wait already.
    pub(super) fn committed(&mut self, expected: usize, began: Instant) {
        let done = Instant::now();
        self.last = Some(Last { expected, done, took: done - began });
    }

    /// Takes in half of those who come back now; the other half are worked on while these commit.
    /// Gives way to them rather than sleeping: timers are coarser than what there is to wait.
    pub(super) fn gather(
        &self,
        queue: &mut mpsc::Receiver<Waiting>,
        taken: &mut Vec<Waiting>,
        limit: usize,
    ) {
        let Some(last) = &self.last else { return };
        let until = last.done + (last.took / PART).min(LONGEST);
        let enough = (last.expected / 2).min(limit);
        while taken.len() < enough && Instant::now() < until {
            std::thread::yield_now();
            while taken.len() < limit
                && let Ok(waiting) = queue.try_recv()
            {
                taken.push(waiting);
            }
        }
    }
}
