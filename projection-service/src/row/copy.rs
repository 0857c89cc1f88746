//! The text format of COPY.

use std::fmt::Display;
use std::io::Write;

/// Rows as COPY takes them: columns apart by tabs, rows by line ends, the rest escaped.
#[derive(Default)]
pub(crate) struct CopyText {
    text: Vec<u8>,
    within_row: bool,
}

impl CopyText {
    /// A value that needs no escaping.
    pub(crate) fn plain(&mut self, value: impl Display) {
        self.separate();
        // A Vec takes whatever is written.
        let _ = write!(self.text, "{value}");
    }

    /// Any text.
    pub(crate) fn text(&mut self, value: &str) {
        self.separate();
        if !value.bytes().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r' | b'\t')) {
            return self.text.extend_from_slice(value.as_bytes());
        }
        for byte in value.bytes() {
            match byte {
                b'\\' => self.text.extend_from_slice(b"\\\\"),
                b'\n' => self.text.extend_from_slice(b"\\n"),
                b'\r' => self.text.extend_from_slice(b"\\r"),
                b'\t' => self.text.extend_from_slice(b"\\t"),
                _ => self.text.push(byte),
            }
        }
    }

    /// No value.
    pub(crate) fn null(&mut self) {
        self.plain("\\N");
    }

    /// What comes next is another row.
    pub(crate) fn end_row(&mut self) {
        self.text.push(b'\n');
        self.within_row = false;
    }

    /// Bytes held.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Hands over what is held.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.text)
    }

    fn separate(&mut self) {
        if self.within_row {
            self.text.push(b'\t');
        }
        self.within_row = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_has_a_meaning() {
        let mut copy = CopyText::default();
        copy.text("a\tb\\N\n");
        copy.null();
        copy.end_row();
        assert_eq!(copy.take(), b"a\\tb\\\\N\\n\t\\N\n");
    }
}
