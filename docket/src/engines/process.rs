//! Processes by their id: whether they are there, what they are, how they end.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use tokio_util::sync::CancellationToken;

use super::EngineError;

/// What a process was started with, empty or `None` if there is none (or but its remains).
pub(crate) fn command_line(pid: u32) -> Option<String> {
    let proc = Path::new("/proc");
    if proc.join("self").exists() {
        let bytes = std::fs::read(proc.join(pid.to_string()).join("cmdline")).ok()?;
        return Some(String::from_utf8_lossy(&bytes).replace('\0', " "));
    }
    let output = one_off("ps").args(["-o", "command=", "-p", &pid.to_string()]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A program that does one thing and ends, in a group of its own: Ctrl-C in a terminal goes to Docket alone.
pub(super) fn one_off(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.process_group(0).stdin(Stdio::null());
    command
}

/// Runs a program to its end, in a group of its own. When `stop` comes first, ends the whole group: `None`.
/// To be called from a thread that may block, within the runtime.
pub(super) fn run(command: Command, stop: &CancellationToken) -> io::Result<Option<Output>> {
    const PATIENCE: Duration = Duration::from_secs(5);
    tokio::runtime::Handle::current().block_on(async {
        let mut command = tokio::process::Command::from(command);
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let mut ended = std::pin::pin!(child.wait_with_output());
        tokio::select! {
            biased;
            output = &mut ended => return output.map(Some),
            () = stop.cancelled() => {}
        }
        let end = |signal| group.map(|group| kill_process_group(group, signal));
        end(Signal::TERM);
        if tokio::time::timeout(PATIENCE, &mut ended).await.is_err() {
            end(Signal::KILL);
            let _ = tokio::time::timeout(PATIENCE, ended).await;
        }
        Ok(None)
    })
}

/// What a program that failed said on standard error, in one line; how it ended where it said nothing.
pub(super) fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).trim().replace('\n', " · ");
    if text.is_empty() { format!("it said nothing, and ended with {}", output.status) } else { text }
}

/// Sends a signal. A process that is not there any more is no error.
pub(crate) fn send(pid: u32, signal: Signal) -> io::Result<()> {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(()) };
    match kill_process(pid, signal) {
        Err(rustix::io::Errno::SRCH) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Ends a process that an earlier run left behind: `mark` must stand in its command line, so that
/// a stranger with the same id is left alone. Tries the signals one after the other.
pub(super) fn end_left_behind(
    pid: u32,
    mark: &str,
    signals: &[(Signal, Duration)],
) -> Result<(), EngineError> {
    let is_there = || command_line(pid).is_some_and(|line| line.contains(mark));
    for (signal, patience) in signals {
        if !is_there() {
            return Ok(());
        }
        tracing::warn!(pid, mark, "stopping an engine that an earlier run left behind");
        // Without permission it stays, and is reported below.
        let _ = send(pid, *signal);
        let deadline = Instant::now() + *patience;
        while is_there() && Instant::now() < deadline {
            pause(Duration::from_millis(20));
        }
    }
    if is_there() { Err(EngineError::LeftBehind { pid }) } else { Ok(()) }
}

/// A pause while nothing can tell us that a process of somebody else has ended.
#[expect(clippy::disallowed_methods, reason = "its end can only be polled for: it is no child of ours")]
fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// Puts a program under the rule that it ends when Docket does, however that ends (Linux).
/// Where that can't be had, the next start cleans up.
pub(super) fn bound_to_us(program: &Path, signal_name: &str) -> Command {
    const SETPRIV: &str = "/usr/bin/setpriv";
    if cfg!(target_os = "linux") && Path::new(SETPRIV).exists() {
        let mut command = Command::new(SETPRIV);
        command.args(["--pdeathsig", signal_name, "--"]).arg(program);
        return command;
    }
    Command::new(program)
}
