//! Lines on their way out, gathered until sending them is worth it.

use bytes::Bytes;
use serde::Serialize;

use super::accept::Format;
use super::cells::{Cells, Column};

/// How much is sent at once, in bytes.
const ENOUGH: usize = 64 * 1024;

/// Lines in a form.
pub(super) struct Lines<V> {
    format: Format,
    columns: Vec<Column<V>>,
    out: Vec<u8>,
}

impl<V: Serialize> Lines<V> {
    /// Begins: CSV with the names of its columns.
    pub(super) fn new(format: Format, columns: Vec<Column<V>>) -> Self {
        let mut out = Vec::with_capacity(ENOUGH);
        if format == Format::Csv {
            Cells::line(&mut out, |cells| {
                for (name, _) in &columns {
                    cells.put(*name);
                }
            });
        }
        Self { format, columns, out }
    }

    /// Adds a line.
    pub(super) fn push(&mut self, view: &V) -> Result<(), serde_json::Error> {
        match self.format {
            Format::Csv => Cells::line(&mut self.out, |cells| {
                for (_, fill) in &self.columns {
                    fill(view, cells);
                }
            }),
            Format::Ndjson => {
                serde_json::to_writer(&mut self.out, view)?;
                self.out.push(b'\n');
            }
        }
        Ok(())
    }

    /// What has gathered, if that is enough.
    pub(super) fn full(&mut self) -> Option<Bytes> {
        (self.out.len() >= ENOUGH)
            .then(|| std::mem::replace(&mut self.out, Vec::with_capacity(ENOUGH + ENOUGH / 4)).into())
    }

    /// What has gathered.
    pub(super) fn rest(&mut self) -> Bytes {
        std::mem::take(&mut self.out).into()
    }
}
