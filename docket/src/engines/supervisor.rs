//! Keeps one child process running, from a thread of its own.
//!
//! A thread, not a task: Linux ends a child with the *thread* that started it, so that thread must
//! live as long as Docket does.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};

use super::{EngineError, process};

/// The pause before a restart: doubled each time, back to the first once the child has run a while.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
const RAN_A_WHILE: Duration = Duration::from_secs(10);

/// How to start the child; called anew for each start.
pub(super) trait Program: Send + 'static {
    /// For the log: `postgres`.
    const NAME: &'static str;
    /// Removes what a child that ended badly left behind.
    fn clear(&self) -> Result<(), EngineError>;
    /// The command, but for its output.
    fn command(&self) -> Command;
    /// Where its output goes.
    fn log(&self) -> PathBuf;
    /// A child was started.
    fn started(&self, pid: u32);
}

#[derive(Default)]
struct State {
    pid: Option<u32>,
    ends: u32,
    stopping: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A child process that is kept running until it is stopped.
pub(super) struct Supervisor {
    shared: Arc<Shared>,
    signals: &'static [(Signal, Duration)],
    thread: Option<JoinHandle<()>>,
    name: &'static str,
    log: PathBuf,
}

impl Supervisor {
    /// Starts the child and the thread that watches it. It is to be stopped with these signals, one
    /// after the other until it has ended.
    pub(super) fn start<P: Program>(
        program: P,
        signals: &'static [(Signal, Duration)],
    ) -> Result<Self, EngineError> {
        let shared = Arc::new(Shared::default());
        let log = program.log();
        let watched = shared.clone();
        let watch = move || keep_running(&program, &watched);
        let thread = std::thread::Builder::new().name(format!("{}-watch", P::NAME)).spawn(watch);
        let thread = thread.map_err(|source| EngineError::Run { program: P::NAME.to_owned(), source })?;
        Ok(Self { shared, signals, thread: Some(thread), name: P::NAME, log })
    }

    /// An error once the child has ended three times: it will not start.
    pub(super) fn check_starting(&self) -> Result<(), EngineError> {
        if self.shared.lock().ends < 3 { Ok(()) } else { Err(self.not_ready()) }
    }

    /// The child isn't ready, with what it said last.
    pub(super) fn not_ready(&self) -> EngineError {
        EngineError::NotReady { name: self.name, log: self.log.clone(), said: last_lines(&self.log) }
    }

    /// Stops the child for good.
    pub(super) async fn stop(self) {
        // What is there to stop is done by `drop`, which blocks.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        for (signal, patience) in self.signals {
            let mut state = self.shared.lock();
            state.stopping = true;
            self.shared.changed.notify_all();
            // Under the lock the child is not reaped yet, so the id is still the child's.
            let Some(pid) = state.pid else { break };
            if let Err(error) = process::send(pid, *signal) {
                tracing::warn!(engine = self.name, pid, %error, "cannot signal");
            }
            let running = |state: &mut State| state.pid.is_some();
            let waited = self.shared.changed.wait_timeout_while(state, *patience, running);
            drop(waited);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn keep_running<P: Program>(program: &P, shared: &Shared) {
    let mut pause = BACKOFF.0;
    loop {
        let began = Instant::now();
        match spawn(program, shared) {
            Ok(Some(child)) => {
                let how = wait(child, shared);
                if shared.lock().stopping {
                    return;
                }
                tracing::error!(engine = P::NAME, how, "an engine ended by itself; starting it again");
            }
            Ok(None) => return,
            Err(error) => {
                tracing::error!(engine = P::NAME, %error, "an engine cannot be started; trying again");
            }
        }
        if began.elapsed() > RAN_A_WHILE {
            pause = BACKOFF.0;
        }
        let mut state = shared.lock();
        state.ends += 1;
        let (state, _) = shared
            .changed
            .wait_timeout_while(state, pause, |state| !state.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        if state.stopping {
            return;
        }
        pause = (pause * 2).min(BACKOFF.1);
    }
}

fn spawn<P: Program>(program: &P, shared: &Shared) -> Result<Option<Child>, EngineError> {
    program.clear()?;
    let log = open_log(&program.log())?;
    let errors =
        log.try_clone().map_err(|source| EngineError::File { what: "open", path: program.log(), source })?;
    let mut command = program.command();
    // A group of its own: Ctrl-C in a terminal goes to Docket, which stops the engines in order.
    command.process_group(0).stdin(Stdio::null()).stdout(log).stderr(errors);
    let mut state = shared.lock();
    if state.stopping {
        return Ok(None);
    }
    let child = command.spawn().map_err(|source| EngineError::Run { program: P::NAME.to_owned(), source })?;
    state.pid = Some(child.id());
    program.started(child.id());
    Ok(Some(child))
}

/// Waits for the child's end and says how it ended.
fn wait(mut child: Child, shared: &Shared) -> String {
    // The end is waited for without reaping, so that `stop` never signals an id that is free again.
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        while let Err(rustix::io::Errno::INTR) =
            waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
        {}
    }
    let mut state = shared.lock();
    let how = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
    state.pid = None;
    shared.changed.notify_all();
    how
}

fn open_log(path: &Path) -> Result<File, EngineError> {
    const LARGE: u64 = 16 << 20;
    if std::fs::metadata(path).is_ok_and(|file| file.len() > LARGE) {
        // Losing the older part is all that can go wrong here.
        let _ = std::fs::rename(path, path.with_extension("log.old"));
    }
    let opened = File::options().create(true).append(true).open(path);
    opened.map_err(|source| EngineError::File { what: "open", path: path.to_path_buf(), source })
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(3)..].join(" · ")
}
