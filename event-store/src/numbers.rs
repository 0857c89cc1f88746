//! Numbers for people, such as ticket numbers: unique under any concurrency, in order at low rates.
//!
//! Hi-lo: a process takes a block of numbers at a time. A block is one number as long as numbers
//! are asked for now and then, so there are no holes; it doubles, up to 64, while blocks are used
//! up quickly, so that opening tickets at speed doesn't wait for one more commit each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::ids::TenantId;
use tokio::time::Instant;

use crate::error::LogError;
use crate::log::EventLog;

/// The most numbers that a process takes at a time.
const LARGEST: i64 = 64;
/// A block that is used up within this time is followed by one twice as large.
const QUICKLY: Duration = Duration::from_millis(250);

struct Block {
    next: i64,
    last: i64,
    size: i64,
    taken: Instant,
}

impl Block {
    fn new() -> Self {
        Self { next: 1, last: 0, size: 0, taken: Instant::now() }
    }

    fn next(&mut self) -> Option<i64> {
        let number = self.next;
        (number <= self.last).then(|| {
            self.next += 1;
            number
        })
    }

    /// How many to take now.
    fn wanted(&self, now: Instant) -> i64 {
        if self.size > 0 && now.duration_since(self.taken) < QUICKLY {
            (self.size * 2).min(LARGEST)
        } else {
            1
        }
    }

    fn fill(&mut self, last: i64, size: i64, now: Instant) {
        *self = Self { next: last - size + 1, last, size, taken: now };
    }
}

type Sequence = Arc<tokio::sync::Mutex<Block>>;

/// The blocks that this process has begun.
#[derive(Default)]
pub(crate) struct Numbers(Mutex<HashMap<(TenantId, String), Sequence>>);

impl Numbers {
    fn sequence(&self, tenant: TenantId, period: &str) -> Sequence {
        let mut sequences = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sequence = sequences.entry((tenant, period.to_owned()));
        Arc::clone(sequence.or_insert_with(|| Arc::new(tokio::sync::Mutex::new(Block::new()))))
    }
}

impl EventLog {
    /// A number of the tenant that nobody else gets in this period, from 1. Numbers go up; one
    /// that isn't used after all is never given out again.
    pub async fn next_number(&self, tenant: TenantId, period: &str) -> Result<i64, LogError> {
        let sequence = self.numbers().sequence(tenant, period);
        let mut block = sequence.lock().await;
        loop {
            if let Some(number) = block.next() {
                return Ok(number);
            }
            let now = Instant::now();
            let size = block.wanted(now);
            // Not flushed by itself: it stands before the append that uses it in Postgres' own
            // log, so it is durable as soon as that is; and nothing is lost with it otherwise.
            let last = sqlx::query_scalar!(
                r#"SELECT take_numbers($1, $2, $3) AS "last!"
                     FROM (SELECT set_config('synchronous_commit', 'off', true)) AS unflushed"#,
                tenant.0,
                period,
                size,
            )
            .fetch_one(self.pool())
            .await
            .map_err(LogError::of)?;
            block.fill(last, size, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_grow_while_they_are_used_up_quickly() {
        let mut block = Block::new();
        let start = Instant::now();
        let mut sizes = Vec::new();
        for i in 0..9 {
            let now = start + Duration::from_millis(i);
            let size = block.wanted(now);
            block.fill(1000, size, now);
            sizes.push(size);
        }
        assert_eq!(sizes, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
        assert_eq!(block.wanted(start + Duration::from_secs(5)), 1);
    }

    #[test]
    fn a_block_gives_each_of_its_numbers_once() {
        let mut block = Block::new();
        assert_eq!(block.next(), None);
        block.fill(12, 3, Instant::now());
        assert_eq!(
            [block.next(), block.next(), block.next(), block.next()],
            [Some(10), Some(11), Some(12), None]
        );
    }
}
