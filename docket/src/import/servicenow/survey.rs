//! The first reading of a file, before anything is kept of it: how it is written, and whether it can be read.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use chrono_tz::Tz;
use csv::{ByteRecord, Reader};
use indicatif::ProgressBar;

use super::columns::{Columns, is_blank};
use super::dates::{Evidence, Order, Parts};
use super::text::{Census, Encoding, Guarded, RowError, RowNumbers, Source, Transcoded};
use super::{Given, ReadError};

/// How many rows may be held at a time, where those of an incident don't stand together: a few hundred megabytes.
const MOST_HELD: usize = 200_000;
/// What may stand between cells.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
/// How much of a file is looked at for its head.
const HEAD: u64 = 1 << 20;

/// Rows, and the numbers that they have in the file.
pub(super) struct Rows {
    reader: Reader<Guarded<Transcoded<Box<dyn std::io::Read>>>>,
    numbers: RowNumbers,
    head: ByteRecord,
}

impl Rows {
    /// From the beginning, after the head.
    fn open(
        source: &Source,
        encoding: Encoding,
        separator: u8,
        progress: &ProgressBar,
    ) -> Result<Self, Trouble> {
        let numbers = RowNumbers::default();
        let text = Transcoded::new(source.read(progress)?, encoding);
        let guarded = Guarded::new(text, separator, numbers.clone());
        let mut options = csv::ReaderBuilder::new();
        let reader = options.delimiter(separator).has_headers(false).flexible(true).from_reader(guarded);
        let mut rows = Self { reader, numbers, head: ByteRecord::new() };
        let mut head = ByteRecord::new();
        rows.next(&mut head)?;
        rows.head = head;
        Ok(rows)
    }

    /// The next row's number in the file; `None` at its end.
    pub(super) fn next(&mut self, record: &mut ByteRecord) -> Result<Option<usize>, Trouble> {
        match self.reader.read_byte_record(record) {
            Ok(true) => Ok(Some(self.numbers.next())),
            Ok(false) => Ok(None),
            Err(error) => Err(self.trouble(error)),
        }
    }

    /// With the name of the column in which a quote opens.
    fn trouble(&self, error: csv::Error) -> Trouble {
        if let csv::ErrorKind::Io(error) = error.kind()
            && let Some(RowError::Unclosed { row, cell }) =
                error.get_ref().and_then(|inner| inner.downcast_ref())
            && let Some(column) = self.head.get(cell - 1)
        {
            let column = String::from_utf8_lossy(column);
            return Trouble::Said(format!(
                "row {row}: the quote that opens in column {column} is never closed"
            ));
        }
        Trouble::Csv(error)
    }
}

/// Why a file can't be read, without its name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Csv(csv::Error),
    #[error("{0}")]
    Said(String),
}

/// What a column of times is written in.
#[derive(Clone, Debug, Default)]
struct Times {
    /// The first cells that say so: the row, and the text.
    day_first: Option<(usize, String)>,
    month_first: Option<(usize, String)>,
    ambiguous: Option<(usize, String)>,
}

impl Times {
    fn take(&mut self, row: usize, cell: Option<&[u8]>) {
        // What can't be read is refused when its ticket is.
        let Some(text) = cell.and_then(|cell| std::str::from_utf8(cell).ok()) else { return };
        let Ok(parts) = Parts::read(text) else { return };
        let place = match parts.evidence() {
            Evidence::For(Order::DayMonthYear) => &mut self.day_first,
            Evidence::For(_) => &mut self.month_first,
            Evidence::Ambiguous => &mut self.ambiguous,
            Evidence::None => return,
        };
        place.get_or_insert_with(|| (row, text.trim().to_owned()));
    }

    /// The order of the whole column, or what to ask for.
    fn order(&self, column: &str, named: Option<Order>) -> Result<Order, String> {
        if let Some(named) = named {
            return Ok(named);
        }
        match (&self.day_first, &self.month_first, &self.ambiguous) {
            (Some((row, text)), Some((other_row, other)), _) => Err(format!(
                "column {column} has {text} (row {row}), where the day comes first, and {other} (row {other_row}), \
                 where the month does: name one with --date-format dmy or mdy, and what doesn't fit is refused"
            )),
            (Some(_), None, _) => Ok(Order::DayMonthYear),
            (None, Some(_), _) => Ok(Order::MonthDayYear),
            (None, None, Some((row, text))) => Err(format!(
                "column {column} can be read in two ways, such as {text} (row {row}): no day of it is above 12. \
                 Name what comes first, the day with --date-format dmy, the month with --date-format mdy"
            )),
            (None, None, None) => Ok(Order::YearMonthDay),
        }
    }
}

/// Where the rows of a number are.
#[derive(Clone, Copy, Debug)]
struct Span {
    rows: usize,
    first: usize,
    last: usize,
}

/// What the first reading has found.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(super) source: Source,
    pub(super) encoding: Encoding,
    pub(super) separator: u8,
    pub(super) columns: Columns,
    pub(super) opened_at: Order,
    pub(super) updated_at: Order,
    pub(super) zone: Tz,
    /// How many rows each number has.
    pub(super) tickets: HashMap<Vec<u8>, usize>,
    pub(crate) rows: usize,
    pub(crate) blank: usize,
}

impl Survey {
    /// Reads the file to its end. Whatever makes the whole of it unreadable is found here.
    pub(crate) fn of(path: &Path, given: &Given, progress: &ProgressBar) -> Result<Self, ReadError> {
        let wrong = |trouble: Trouble| ReadError::File { path: path.to_path_buf(), trouble };
        let source =
            Source::open(path).map_err(|source| ReadError::Open { path: path.to_path_buf(), source })?;
        progress.set_length(source.bytes().map_err(Trouble::Io).map_err(wrong)? * 2);
        let encoding = encoding(&source, given).map_err(wrong)?;
        let (separator, columns) = separator(&source, encoding, given).map_err(wrong)?;
        let mut survey = Self {
            source,
            encoding,
            separator,
            columns,
            opened_at: Order::YearMonthDay,
            updated_at: Order::YearMonthDay,
            zone: given.time_zone,
            tickets: HashMap::new(),
            rows: 0,
            blank: 0,
        };
        survey.go_through(given, progress).map_err(wrong)?;
        Ok(survey)
    }

    fn go_through(&mut self, given: &Given, progress: &ProgressBar) -> Result<(), Trouble> {
        let (mut opened, mut updated) = (Times::default(), Times::default());
        let mut spans: HashMap<Vec<u8>, Span> = HashMap::new();
        let mut rows = self.read(progress)?;
        let mut record = ByteRecord::new();
        while let Some(row) = rows.next(&mut record)? {
            if is_blank(&record) {
                self.blank += 1;
                continue;
            }
            let place = self.rows;
            self.rows += 1;
            let [number, opened_at, updated_at] = self.columns.surveyed(&record);
            opened.take(row, opened_at);
            updated.take(row, updated_at);
            let number = number.unwrap_or_default().trim_ascii();
            match spans.get_mut(number) {
                Some(span) => (span.rows, span.last) = (span.rows + 1, place),
                None => drop(spans.insert(number.to_vec(), Span { rows: 1, first: place, last: place })),
            }
        }
        let held = most_held(spans.values());
        if held > MOST_HELD {
            return Err(Trouble::Said(format!(
                "the rows of an incident don't stand together, and {held} rows would have to be held at a time: \
                 sort it by number"
            )));
        }
        self.tickets = spans.into_iter().map(|(number, span)| (number, span.rows)).collect();
        self.opened_at = opened.order("opened_at", given.date_format).map_err(Trouble::Said)?;
        self.updated_at = updated.order("sys_updated_at", given.date_format).map_err(Trouble::Said)?;
        Ok(())
    }

    /// The rows, from the beginning.
    pub(super) fn read(&self, progress: &ProgressBar) -> Result<Rows, Trouble> {
        Rows::open(&self.source, self.encoding, self.separator, progress)
    }
}

/// How it is written: as named, as it says itself, or as its bytes have it.
fn encoding(source: &Source, given: &Given) -> Result<Encoding, Trouble> {
    let mark = source.mark()?;
    match (given.encoding, mark) {
        (Some(named), mark) => Ok(named.marked(mark)),
        (None, Some(mark)) => Ok(mark),
        (None, None) => {
            let census = Census::of(source.read(&ProgressBar::hidden())?)?;
            census.encoding().map_err(|why| Trouble::Said(why.to_owned()))
        }
    }
}

/// What stands between cells: as named, or what makes the first line a head; and the columns.
fn separator(source: &Source, encoding: Encoding, given: &Given) -> Result<(u8, Columns), Trouble> {
    let candidates = given.separator.map_or(SEPARATORS.to_vec(), |named| vec![named]);
    let mut best: Option<(usize, u8, String)> = None;
    for separator in candidates {
        // The head alone: a quote in it that isn't closed is found when the whole is read.
        let text = Transcoded::new(source.read(&ProgressBar::hidden())?, encoding);
        let mut options = csv::ReaderBuilder::new();
        options.delimiter(separator).has_headers(false).flexible(true);
        let mut head = ByteRecord::new();
        let read = options.from_reader(std::io::Read::take(text, HEAD)).read_byte_record(&mut head);
        if !read.map_err(Trouble::Csv)? {
            return Err(Trouble::Said(
                "it is empty: not even the head with the names of columns is there".to_owned(),
            ));
        }
        match Columns::find(&head) {
            Ok(columns) => return Ok((separator, columns)),
            Err(why) if best.as_ref().is_none_or(|(cells, ..)| head.len() > *cells) => {
                best = Some((head.len(), separator, why.to_string()));
            }
            Err(_) => {}
        }
    }
    let (cells, separator, why) = best.unwrap_or_default();
    Err(Trouble::Said(format!(
        "it is no audit log of incidents: read as {encoding}, with {cells} columns separated by {}, {why}; \
         another separator is named with --separator",
        name(separator)
    )))
}

fn name(separator: u8) -> String {
    match separator {
        b',' => "commas".to_owned(),
        b';' => "semicolons".to_owned(),
        b'\t' => "tabs".to_owned(),
        other => format!("{:?}", char::from(other)),
    }
}

/// The most rows that are held at a time, where each number's are held from its first to its last.
fn most_held<'a>(spans: impl Iterator<Item = &'a Span>) -> usize {
    let mut changes: Vec<(usize, isize)> = Vec::new();
    for span in spans {
        changes.push((span.first, span.rows as isize));
        changes.push((span.last + 1, -(span.rows as isize)));
    }
    changes.sort_unstable();
    let (mut held, mut most) = (0, 0);
    for (_, change) in changes {
        held += change;
        most = most.max(held);
    }
    most as usize
}

impl fmt::Display for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { encoding, opened_at, updated_at, zone, .. } = self;
        write!(f, "read as {encoding}, separated by {}; dates with the {updated_at}", name(self.separator))?;
        if opened_at != updated_at {
            write!(f, " (opened_at with the {opened_at})")?;
        }
        writeln!(f, ", times in {zone} where they don't say")?;
        let absent = self.columns.absent();
        if !absent.is_empty() {
            writeln!(f, "columns that are not there: {}", absent.join(", "))?;
        }
        if self.rows == 0 {
            writeln!(f, "there are no rows below the head: nothing to import")?;
        }
        if self.blank > 0 {
            writeln!(f, "{} blank rows were left out", self.blank)?;
        }
        Ok(())
    }
}
