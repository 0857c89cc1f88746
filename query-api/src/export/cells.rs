//! The cells of a CSV file (RFC 4180), with texts that no spreadsheet takes for formulas.

use std::io::Write as _;

use chrono::SecondsFormat;
use serde_json::Value;
use uuid::Uuid;

use crate::time::Time;

/// A column: its name, and how a line fills it.
pub(crate) type Column<V> = (&'static str, fn(&V, &mut Cells<'_>));

/// A line under way.
pub(crate) struct Cells<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Cells<'a> {
    /// Adds a line.
    pub(crate) fn line(out: &'a mut Vec<u8>, fill: impl FnOnce(&mut Self)) {
        let mut cells = Self { out, first: true };
        fill(&mut cells);
        cells.out.extend_from_slice(b"\r\n");
    }

    /// Adds a cell.
    pub(crate) fn put(&mut self, cell: &(impl Cell + ?Sized)) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        cell.write(self.out);
    }
}

/// What a cell can hold. What isn't there is an empty cell.
pub(crate) trait Cell {
    /// Adds the cell's text.
    fn write(&self, out: &mut Vec<u8>);
}

impl Cell for str {
    /// Somebody else wrote it. A spreadsheet runs what begins like a formula; after an apostrophe it
    /// doesn't (OWASP, "CSV Injection").
    fn write(&self, out: &mut Vec<u8>) {
        let formula = self.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let quoted = self.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'));
        if quoted {
            out.push(b'"');
        }
        if formula {
            out.push(b'\'');
        }
        if quoted {
            for (index, part) in self.split('"').enumerate() {
                if index > 0 {
                    out.extend_from_slice(b"\"\"");
                }
                out.extend_from_slice(part.as_bytes());
            }
            out.push(b'"');
        } else {
            out.extend_from_slice(self.as_bytes());
        }
    }
}

impl Cell for String {
    fn write(&self, out: &mut Vec<u8>) {
        self.as_str().write(out);
    }
}

/// Several texts, with semicolons between them.
impl Cell for Vec<String> {
    fn write(&self, out: &mut Vec<u8>) {
        self.join(";").write(out);
    }
}

impl Cell for Time {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.to_rfc3339_opts(SecondsFormat::Micros, true).write(out);
    }
}

/// JSON, in one cell.
impl Cell for Value {
    fn write(&self, out: &mut Vec<u8>) {
        self.to_string().write(out);
    }
}

impl<T: Cell> Cell for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        if let Some(cell) = self {
            cell.write(out);
        }
    }
}

impl<T: Cell + ?Sized> Cell for &T {
    fn write(&self, out: &mut Vec<u8>) {
        (**self).write(out);
    }
}

/// What is made of digits and letters alone needs no quotes, and a number is no formula.
macro_rules! plain {
    ($($kind:ty),*) => {$(
        impl Cell for $kind {
            fn write(&self, out: &mut Vec<u8>) {
                // Memory takes everything.
                let _ = write!(out, "{self}");
            }
        }
    )*};
}

plain!(bool, i16, i32, i64, f64, Uuid);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(fill: impl FnOnce(&mut Cells<'_>)) -> String {
        let mut out = Vec::new();
        Cells::line(&mut out, fill);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn formulas_are_texts() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"] {
            assert_eq!(line(|cells| cells.put(text)), format!("'{text}\r\n"));
        }
        assert_eq!(line(|cells| cells.put("\r=1")), "\"'\r=1\"\r\n");
        assert_eq!(line(|cells| cells.put("=\"a\",1")), "\"'=\"\"a\"\",1\"\r\n");
        assert_eq!(line(|cells| cells.put(&-1_i64)), "-1\r\n");
        assert_eq!(line(|cells| cells.put("1=1 'a'")), "1=1 'a'\r\n");
    }

    #[test]
    fn each_kind_has_its_text() {
        let written = line(|cells| {
            cells.put(&None::<String>);
            cells.put(&true);
            cells.put(&vec!["a".to_owned(), "b,c".to_owned()]);
            cells.put(&json!({"k": 1}));
            cells.put(&Some(Time("2026-01-31T08:00:00Z".parse().unwrap())));
        });
        assert_eq!(written, ",true,\"a;b,c\",\"{\"\"k\"\":1}\",2026-01-31T08:00:00.000000Z\r\n");
    }
}
