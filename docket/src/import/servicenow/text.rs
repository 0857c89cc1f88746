//! A file's bytes as text: unpacked, in UTF-8, and in rows that end.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::rc::Rc;
use std::str::FromStr;

use encoding_rs::{Decoder, DecoderResult};
use flate2::read::MultiGzDecoder;
use indicatif::ProgressBar;

/// The longest row, in bytes, with everything in it: more is a quote that was never closed.
const MAX_ROW: usize = 4 << 20;

/// Stands in the text for what can't be read: no UTF-8 has it.
pub(super) const UNREADABLE: u8 = 0xff;

/// How a file's characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Encoding {
    pub(super) rules: &'static encoding_rs::Encoding,
    /// Without any of the characters that tell Windows-1252 from it.
    pub(super) is_latin_1: bool,
}

impl Encoding {
    pub(super) const UTF_8: Self = Self { rules: encoding_rs::UTF_8, is_latin_1: false };
    pub(super) const LATIN_1: Self = Self { rules: encoding_rs::WINDOWS_1252, is_latin_1: true };
    pub(super) const WINDOWS_1252: Self = Self { rules: encoding_rs::WINDOWS_1252, is_latin_1: false };

    /// As named, but for the order of bytes that the file tells itself.
    pub(super) fn marked(self, mark: Option<Self>) -> Self {
        let wide = |encoding: Self| !encoding.rules.is_ascii_compatible();
        mark.filter(|mark| wide(*mark) && wide(self)).unwrap_or(self)
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_latin_1 { "Latin-1" } else { self.rules.name() })
    }
}

impl FromStr for Encoding {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = match text.to_ascii_lowercase().as_str() {
            "utf8" => "utf-8".to_owned(),
            "cp1252" => "windows-1252".to_owned(),
            "latin-1" => "latin1".to_owned(),
            "utf-16" | "utf16" => "utf-16le".to_owned(),
            name => name.to_owned(),
        };
        let rules = encoding_rs::Encoding::for_label_no_replacement(name.as_bytes());
        let rules = rules
            .ok_or("takes utf-8, utf-16le, utf-16be, windows-1252, latin-1 or another name of the web's")?;
        Ok(Self { rules, is_latin_1: name.contains("latin1") || name.starts_with("iso-8859-1") })
    }
}

/// A file that is read more than once.
#[derive(Debug)]
pub(super) struct Source {
    file: File,
    is_packed: bool,
}

impl Source {
    pub(super) fn open(path: &std::path::Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "it is no file, and has to be read twice",
            ));
        }
        let mut magic = [0; 2];
        let is_packed = file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
        Ok(Self { file, is_packed })
    }

    pub(super) fn bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// From the beginning, unpacked.
    pub(super) fn read(&self, progress: &ProgressBar) -> io::Result<Box<dyn Read>> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        let file = BufReader::with_capacity(1 << 16, progress.wrap_read(file));
        Ok(if self.is_packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
    }

    /// What the file says itself of how it is written: the mark of the order of bytes at its beginning.
    pub(super) fn mark(&self) -> io::Result<Option<Encoding>> {
        let mut beginning = Vec::new();
        self.read(&ProgressBar::hidden())?.take(3).read_to_end(&mut beginning)?;
        let marked = encoding_rs::Encoding::for_bom(&beginning);
        Ok(marked.map(|(rules, _)| Encoding { rules, is_latin_1: false }))
    }
}

/// What a file's bytes say of how they are written, if it doesn't say so itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Census {
    /// Characters of UTF-8 that ASCII lacks.
    characters: u64,
    /// Bytes that are none of UTF-8.
    others: u64,
    /// Bytes of 128 to 159, which Windows-1252 has characters for and Latin-1 hasn't.
    between: u64,
    zeros: u64,
}

impl Census {
    pub(super) fn of(mut from: impl Read) -> io::Result<Self> {
        let (mut census, mut piece, mut kept) = (Self::default(), vec![0; PIECE], 0);
        loop {
            let count = from.read(&mut piece[kept..])?;
            let bytes = &piece[..kept + count];
            let mut rest = bytes;
            if rest.is_ascii() {
                census.zeros += rest.split(|byte| *byte == 0).count() as u64 - 1;
                rest = &[];
            }
            loop {
                match std::str::from_utf8(rest) {
                    Ok(text) => {
                        census.take(text);
                        rest = &[];
                        break;
                    }
                    Err(error) => {
                        let (good, bad) = rest.split_at(error.valid_up_to());
                        census.take(&String::from_utf8_lossy(good));
                        rest = bad;
                        // Cut off by the end of the piece, and not of the file.
                        let Some(length) = error.error_len().or((count == 0).then_some(bad.len())) else {
                            break;
                        };
                        census.others += length as u64;
                        census.between +=
                            bad[..length].iter().filter(|byte| (128..160).contains(*byte)).count() as u64;
                        rest = &bad[length..];
                    }
                }
            }
            kept = rest.len();
            let from = bytes.len() - kept;
            piece.copy_within(from..from + kept, 0);
            if count == 0 {
                return Ok(census);
            }
        }
    }

    fn take(&mut self, text: &str) {
        for c in text.chars() {
            self.characters += u64::from(!c.is_ascii());
            self.zeros += u64::from(c == '\0');
        }
    }

    /// How it is written, or why that can't be said.
    pub(super) fn encoding(self) -> Result<Encoding, &'static str> {
        match self {
            Self { zeros: 1.., .. } => Err(
                "it has bytes of 0, as UTF-16 has, and no mark of the order of bytes: name it with --encoding",
            ),
            Self { others: 0, .. } => Ok(Encoding::UTF_8),
            Self { characters: 1.., .. } => Err(
                "it has characters of UTF-8 and bytes that are none: name with --encoding what it is written in \
                 (utf-8, and what can't be read is refused; or windows-1252)",
            ),
            Self { between: 1.., .. } => Ok(Encoding::WINDOWS_1252),
            _ => Ok(Encoding::LATIN_1),
        }
    }
}

/// Text in UTF-8, from whatever it is written in. What can't be read is [`UNREADABLE`].
pub(super) struct Transcoded<R> {
    from: R,
    decoder: Decoder,
    raw: Vec<u8>,
    /// Of `raw`, what isn't decoded yet.
    waiting: std::ops::Range<usize>,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

const PIECE: usize = 1 << 16;

impl<R: Read> Transcoded<R> {
    pub(super) fn new(from: R, encoding: Encoding) -> Self {
        Self {
            from,
            decoder: encoding.rules.new_decoder_with_bom_removal(),
            raw: vec![0; PIECE],
            waiting: 0..0,
            text: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    fn more(&mut self) -> io::Result<()> {
        (self.given, self.text) = (0, std::mem::take(&mut self.text));
        self.text.clear();
        while self.text.is_empty() && !self.ended {
            if self.waiting.is_empty() {
                self.waiting = 0..self.from.read(&mut self.raw)?;
            }
            let last = self.waiting.is_empty();
            // Three bytes for each is the most that UTF-8 needs, and some for what was kept back.
            self.text.resize(self.waiting.len() * 3 + 16, 0);
            let (mut read, mut written) = (0, 0);
            loop {
                let raw = &self.raw[self.waiting.start + read..self.waiting.end];
                let (result, taken, made) =
                    self.decoder.decode_to_utf8_without_replacement(raw, &mut self.text[written..], last);
                (read, written) = (read + taken, written + made);
                match result {
                    DecoderResult::InputEmpty => break,
                    DecoderResult::OutputFull => self.text.resize(self.text.len() + PIECE, 0),
                    DecoderResult::Malformed(..) => {
                        if written == self.text.len() {
                            self.text.resize(self.text.len() + PIECE, 0);
                        }
                        self.text[written] = UNREADABLE;
                        written += 1;
                    }
                }
            }
            self.text.truncate(written);
            self.waiting = 0..0;
            self.ended = last;
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            self.more()?;
        }
        let count = into.len().min(self.text.len() - self.given);
        into[..count].copy_from_slice(&self.text[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

/// Why rows can't be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RowError {
    #[error("row {row}: the quote that opens in cell {cell} is never closed")]
    Unclosed { row: usize, cell: usize },
    #[error("row {row}: it has more than {MAX_ROW} bytes: a quote may not be closed")]
    TooLong { row: usize },
}

/// Where a byte stands in its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the beginning of a row.
    Row,
    /// At the beginning of a cell.
    Cell,
    Bare,
    Quoted,
    /// After a quote within quotes: the end, or the first of two.
    Quote,
}

/// The numbers of rows that were seen and not taken up yet, as spreadsheets count them: the head is 1, blank ones
/// count, and a line break within quotes doesn't.
#[derive(Clone, Debug, Default)]
pub(super) struct RowNumbers(Rc<RefCell<VecDeque<usize>>>);

impl RowNumbers {
    /// That of the next row that is read.
    pub(super) fn next(&self) -> usize {
        self.0.borrow_mut().pop_front().unwrap_or_default()
    }
}

/// Sees to it that each row ends, before anybody holds it: a quote that is never closed would make one row of the
/// rest of the file. Goes by the rules of RFC 4180, as the reader of rows does.
pub(super) struct Guarded<R> {
    from: R,
    separator: u8,
    place: Place,
    last: u8,
    /// The present one, from 1.
    row: usize,
    cell: usize,
    /// Where the last quote opened.
    opened: (usize, usize),
    length: usize,
    numbers: RowNumbers,
}

impl<R: Read> Guarded<R> {
    pub(super) fn new(from: R, separator: u8, numbers: RowNumbers) -> Self {
        let (place, opened) = (Place::Row, (0, 0));
        Self { from, separator, place, last: 0, row: 1, cell: 1, opened, length: 0, numbers }
    }

    fn take(&mut self, byte: u8) {
        let last = std::mem::replace(&mut self.last, byte);
        let ends_row = byte == b'\n' || byte == b'\r';
        self.length += 1;
        if self.place == Place::Row {
            if ends_row {
                // The second half of a line's end is none of its own.
                self.row += usize::from(!(byte == b'\n' && last == b'\r'));
                self.length = 0;
                return;
            }
            self.numbers.0.borrow_mut().push_back(self.row);
            (self.cell, self.place) = (1, Place::Cell);
        }
        self.place = match (self.place, byte) {
            (Place::Cell, b'"') => {
                self.opened = (self.row, self.cell);
                Place::Quoted
            }
            (Place::Quoted, b'"') => Place::Quote,
            (Place::Quoted, _) | (Place::Quote, b'"') => Place::Quoted,
            (_, byte) if byte == self.separator => {
                self.cell += 1;
                Place::Cell
            }
            _ if ends_row => {
                (self.row, self.length) = (self.row + 1, 0);
                Place::Row
            }
            _ => Place::Bare,
        };
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(into)?;
        for byte in &into[..count] {
            self.take(*byte);
        }
        let error = if count == 0 && !into.is_empty() && self.place == Place::Quoted {
            RowError::Unclosed { row: self.opened.0, cell: self.opened.1 }
        } else if self.length > MAX_ROW {
            RowError::TooLong { row: self.row }
        } else {
            return Ok(count);
        };
        Err(io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], encoding: &str) -> Vec<u8> {
        let mut out = Vec::new();
        Transcoded::new(bytes, encoding.parse().unwrap()).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn what_cannot_be_read_is_marked_and_the_rest_is_read() {
        assert_eq!(text(b"\xef\xbb\xbfZ\xc3\xbcrich", "utf-8"), "Zürich".as_bytes());
        assert_eq!(text(b"Z\xfcrich!", "utf-8"), b"Z\xffrich!");
        assert_eq!(text(b"5 \x80 \x84x\x93", "cp1252"), "5 € „x“".as_bytes());
        assert_eq!(text(b"\xff\xfeZ\0\xfc\0", "utf-16"), "Zü".as_bytes());
        assert_eq!(text(b"\0Z\0\xfc", "utf-16be"), "Zü".as_bytes());
        assert_eq!(text(b"\x00\xd8Z\0", "utf-16le"), b"\xffZ", "half of a pair");
    }

    #[test]
    fn a_file_without_a_mark_is_known_by_its_bytes() {
        let found = |bytes: &[u8]| {
            Census::of(bytes)
                .unwrap()
                .encoding()
                .map(|encoding| encoding.to_string())
                .map_err(|why| why.len() > 20)
        };
        assert_eq!(found(b"plain"), Ok("UTF-8".to_owned()));
        assert_eq!(found("Zürich プリンター".as_bytes()), Ok("UTF-8".to_owned()));
        assert_eq!(found(b"Z\xfcrich"), Ok("Latin-1".to_owned()));
        assert_eq!(found(b"Z\xfcrich \x80"), Ok("windows-1252".to_owned()));
        assert_eq!(found(b"Z\xc3\xbcrich Z\xfcrich"), Err(true));
        assert_eq!(found(b"a\0b\0"), Err(true));
        let across = format!("{}ü", "x".repeat(PIECE - 1));
        assert_eq!(found(across.as_bytes()), Ok("UTF-8".to_owned()));
        assert_eq!(
            found(&across.as_bytes()[..PIECE]),
            Ok("Latin-1".to_owned()),
            "its last character is cut off"
        );
    }

    #[test]
    fn a_character_may_lie_across_pieces() {
        let long = format!("{}ü", "x".repeat(PIECE - 1));
        assert_eq!(text(long.as_bytes(), "utf-8"), long.as_bytes());
    }

    fn guarded(text: &str) -> Result<Vec<usize>, String> {
        let numbers = RowNumbers::default();
        let mut guarded = Guarded::new(text.as_bytes(), b',', numbers.clone());
        io::copy(&mut guarded, &mut io::sink()).map_err(|error| error.to_string())?;
        Ok(numbers.0.take().into())
    }

    #[test]
    fn rows_are_counted_as_the_reader_counts_them() {
        for (text, expected) in [
            ("a,b\n1,2\n", &[1, 2][..]),
            ("a\r\n\"x\r\ny\"\r\n\r\nz", &[1, 2, 4]),
            ("a\n\n\nb\rc", &[1, 4, 5]),
            ("\"a\"\"\n\",b\nc\"d\n", &[1, 2]),
            ("", &[]),
            ("\"a\"x\"\nb", &[1, 2]),
        ] {
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            assert_eq!(reader.byte_records().count(), expected.len(), "{text:?}");
            assert_eq!(guarded(text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_is_named_where_it_opens() {
        let error = guarded("a,b\n1,2\n3,\"4\n5,6\n").unwrap_err();
        assert_eq!(error, "row 3: the quote that opens in cell 2 is never closed");
        let error = guarded(&format!("a\n\"{}\"\n", "x\n".repeat(MAX_ROW))).unwrap_err();
        assert!(error.starts_with("row 2: it has more than"), "{error}");
    }
}
