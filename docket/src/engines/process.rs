//! Processes by their id: whether they are there, what they are, how they end.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::EngineError;

/// What a process was started with, empty or `None` if there is none (or but its remains).
pub(crate) fn command_line(pid: u32) -> Option<String> {
    let proc = Path::new("/proc");
    if proc.join("self").exists() {
        let bytes = std::fs::read(proc.join(pid.to_string()).join("cmdline")).ok()?;
        return Some(String::from_utf8_lossy(&bytes).replace('\0', " "));
    }
    let output = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
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
