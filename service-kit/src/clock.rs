//! The system's clock and id source: the only homes of both.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, SubsecRound, Utc};
use domain::time::{Clock, Ids};
use uuid::Uuid;

/// The system's clock, to the microsecond (what Postgres keeps and the contract shows).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one home of the system's clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// UUIDv7s that grow within the process, also inside one millisecond.
///
/// Time (48 bits) and a counter (12 bits) go up together; a millisecond in which the counter runs
/// over borrows from the next (RFC 9562, 6.2, methods 1 and 4). The other 62 bits are random, from
/// the thread's own generator: the operating system's would cost a call per id.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

/// The last id's time and counter.
static LAST: AtomicU64 = AtomicU64::new(0);
const COUNTER_BITS: u32 = 12;

impl Ids for RandomIds {
    fn next(&self) -> Uuid {
        let now = (SystemClock.now().timestamp_millis() as u64) << COUNTER_BITS;
        let after = |last: u64| Some(now.max(last + 1));
        let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after).unwrap_or_default();
        v7(now.max(last + 1), rand::random())
    }
}

fn v7(time_and_counter: u64, random: u64) -> Uuid {
    let time = time_and_counter >> COUNTER_BITS;
    let counter = time_and_counter & ((1 << COUNTER_BITS) - 1);
    let high = time << 16 | 0x7000 | counter;
    let low = random >> 2 | 1 << 63;
    Uuid::from_u64_pair(high, low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow() {
        let ids: Vec<Uuid> = (0..10_000).map(|_| RandomIds.next()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let now = SystemClock.now().timestamp() as u64;
        for id in ids {
            assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
            let (seconds, _) = id.get_timestamp().unwrap().to_unix();
            assert!(seconds.abs_diff(now) <= 10);
        }
    }

    #[test]
    fn ids_of_many_threads_are_different() {
        let threads: Vec<_> = (0..4)
            .map(|_| std::thread::spawn(|| (0..10_000).map(|_| RandomIds.next()).collect::<Vec<_>>()))
            .collect();
        let ids: Vec<Uuid> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 40_000);
    }

    #[test]
    fn time_has_microseconds() {
        assert_eq!(SystemClock.now().timestamp_subsec_nanos() % 1_000, 0);
    }
}
