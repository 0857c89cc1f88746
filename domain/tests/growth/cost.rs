//! What work costs: memory taken, and time on the processor.

use std::alloc::System;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Memory is counted for the whole process.
static ALONE: Mutex<()> = Mutex::new(());

/// What may be taken for each byte of input, all that was given back again included, and for none.
const PER_BYTE: usize = 600;
const FIXED: usize = 48 << 20;
/// How long anything may take, however long it is.
const LONGEST: Duration = Duration::from_secs(4);
/// By how much more than four times as long four times as much may take: far below sixteen times, and
/// above what a busy machine makes of four.
const MARGIN: u32 = 2;
/// What a busy machine makes of nothing.
const NOISE: Duration = Duration::from_millis(60);

#[derive(Clone, Copy, Debug)]
struct Cost {
    length: usize,
    memory: usize,
    time: Duration,
}

fn on_the_processor() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn cost<I>(input: I, length: usize, work: impl FnOnce(I)) -> Cost {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (memory, since) = (Region::new(MEMORY), on_the_processor());
    work(input);
    Cost { length, memory: memory.change().bytes_allocated, time: on_the_processor().saturating_sub(since) }
}

/// Has work done on input at n, 2n and 4n; gives what is wrong with how its cost grows.
pub(crate) fn grows<I>(
    what: &str,
    n: usize,
    make: impl Fn(usize) -> (I, usize),
    work: impl Fn(I),
) -> Option<String> {
    let costs = [n, 2 * n, 4 * n].map(|bytes| {
        let (input, length) = make(bytes);
        cost(input, length, &work)
    });
    let [small, _, large] = costs;
    let memory = costs.iter().any(|cost| cost.memory > FIXED + PER_BYTE * cost.length);
    let time = large.time > small.time * 4 * MARGIN + NOISE || large.time > LONGEST;
    (memory || time).then(|| format!("{what}: {costs:?}"))
}
