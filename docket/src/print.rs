//! What commands print.
//!
//! A reader may leave before the end (`docket status | head -1`). That is no failure, and no reason to leave work
//! undone: what is printed after it goes nowhere.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

use crate::failure::{Failure, Outcome};

/// Why something could not be printed: full disks are to be reported, at the end.
static FAILED: Mutex<Option<std::io::Error>> = Mutex::new(None);

/// Prints a line on standard output, as `println!` does where somebody reads it.
macro_rules! say {
    ($($text:tt)*) => { $crate::print::line(format_args!($($text)*)) };
}
pub(crate) use say;

/// See [`say!`].
pub(crate) fn line(text: Arguments<'_>) {
    note(writeln!(std::io::stdout().lock(), "{text}"));
}

/// One line on standard error. Where nobody reads it either, there is nobody to say so to.
pub(crate) fn complain(text: Arguments<'_>) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes what is left. A failure if something that was to be read could not be written.
pub(crate) fn finish() -> Outcome {
    note(std::io::stdout().lock().flush());
    match FAILED.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(Failure::said(format!("cannot write to standard output: {error}"))),
        None => Ok(()),
    }
}

fn note(written: std::io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        FAILED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}
