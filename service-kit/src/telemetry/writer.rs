//! A writer that never waits: lines gather in memory, a thread writes them out.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// When so much waits to be written, further lines are dropped and counted.
const MOST: usize = 8 * 1024 * 1024;
/// How long lines may gather, so that many go out in one write.
const GATHER: Duration = Duration::from_millis(10);

#[derive(Default)]
struct State {
    lines: Vec<u8>,
    dropped: u64,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes out what is left when dropped.
pub struct LogGuard {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[derive(Clone)]
pub(super) struct Lines(Arc<Shared>);

/// Takes one line: the subscriber hands each over whole.
pub(super) struct Line<'a> {
    shared: &'a Shared,
}

pub(super) fn start() -> (Lines, LogGuard) {
    let shared = Arc::new(Shared::default());
    let writing = shared.clone();
    let thread = std::thread::Builder::new().name("log".into()).spawn(move || write_out(&writing)).ok();
    (Lines(shared.clone()), LogGuard { shared, thread })
}

fn write_out(shared: &Shared) {
    let mut out = Vec::new();
    loop {
        let mut state = shared.lock();
        while state.lines.is_empty() && !state.closed {
            state = shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if !state.closed {
            // Let some more gather; whoever closes ends this early.
            let pause = shared.wake.wait_timeout_while(state, GATHER, |state| !state.closed);
            state = pause.unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::swap(&mut state.lines, &mut out);
        let dropped = std::mem::take(&mut state.dropped);
        let closed = state.closed;
        drop(state);
        let mut stderr = io::stderr().lock();
        // There is nowhere to say that standard error is gone.
        let _ = stderr.write_all(&out);
        if dropped > 0 {
            let _ = writeln!(
                stderr,
                "{{\"level\":\"WARN\",\"message\":\"log lines dropped\",\"lines\":{dropped}}}"
            );
        }
        out.clear();
        out.shrink_to(64 * 1024);
        if closed {
            return;
        }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.shared.lock();
        if state.closed {
            // After the end there is no thread any more.
            drop(state);
            return io::stderr().write(bytes);
        }
        if state.lines.len() + bytes.len() > MOST {
            state.dropped += 1;
            return Ok(bytes.len());
        }
        let first = state.lines.is_empty();
        state.lines.extend_from_slice(bytes);
        drop(state);
        if first {
            self.shared.wake.notify_one();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { shared: &self.0 }
    }
}
