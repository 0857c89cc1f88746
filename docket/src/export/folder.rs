//! The folder of an export, with a folder in it for each month.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use chrono::Datelike;
use domain::export::Form;
use parquet::errors::ParquetError;
use query_api::{Kind, Row};

use super::columns::Layout;
use super::part::{Part, PartError};

/// How much of all files may be gathered in memory, in bytes, about.
const GATHERED: usize = 24 * 1024 * 1024;
/// How many files are open at once. History that was imported goes back and forth between months.
const OPEN: usize = 100;

/// Why an export can't be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error("{} is there already: take another --out, or remove it", .0.display())]
    There(PathBuf),
    #[error("{} cannot be made", path.display())]
    Unmade { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Part(#[from] PartError),
    #[error("Parquet has no columns like these")]
    Layout(#[from] ParquetError),
}

/// The first of a month, as year and month.
type Month = (i32, u32);

/// An export under way. Dropped before [`Folder::finish`], it leaves nothing.
pub(crate) struct Folder {
    /// Where it is to be.
    path: PathBuf,
    /// Where it is until then.
    partial: PathBuf,
    form: Form,
    names: Vec<u8>,
    layout: Layout,
    open: BTreeMap<Month, Open>,
    /// How many files each month has.
    parts: BTreeMap<Month, u32>,
    rows: u64,
    finished: bool,
}

struct Open {
    part: Part,
    /// The row that was written last.
    last: u64,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) rows: u64,
    pub(crate) files: u32,
    pub(crate) months: usize,
}

impl Folder {
    /// Looks whether there is room for it. Nothing is made yet.
    pub(crate) fn room(out: &Path, list: &str) -> Result<PathBuf, FolderError> {
        let path = out.join(list);
        if path.exists() { Err(FolderError::There(path)) } else { Ok(path) }
    }

    /// Begins. `names` is the line before all others, where the form has one.
    pub(crate) fn begin(
        out: &Path,
        list: &str,
        form: Form,
        names: Vec<u8>,
        columns: &[(&'static str, Kind)],
    ) -> Result<Self, FolderError> {
        let path = Self::room(out, list)?;
        let layout = Layout::new(columns)?;
        let partial = out.join(format!(".{list}-{}.partial", std::process::id()));
        make(&partial)?;
        let (open, parts) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { path, partial, form, names, layout, open, parts, rows: 0, finished: false })
    }

    /// Adds a row to its month.
    pub(crate) fn push(&mut self, row: Row) -> Result<(), FolderError> {
        let month = (row.at.year(), row.at.month());
        self.rows += 1;
        if !self.open.contains_key(&month) {
            self.make_room()?;
            let part = self.part(month)?;
            self.open.insert(month, Open { part, last: self.rows });
        }
        if let Some(open) = self.open.get_mut(&month) {
            open.part.push(row.content)?;
            open.last = self.rows;
        }
        self.lighten()
    }

    /// Ends the files, and puts the folder where it is to be.
    pub(crate) fn finish(mut self) -> Result<Written, FolderError> {
        for (_, open) in std::mem::take(&mut self.open) {
            open.part.finish()?;
        }
        let unmade = |source| FolderError::Unmade { path: self.path.clone(), source };
        if self.path.exists() {
            return Err(FolderError::There(self.path.clone()));
        }
        std::fs::rename(&self.partial, &self.path).map_err(unmade)?;
        self.finished = true;
        Ok(Written { rows: self.rows, files: self.parts.values().sum(), months: self.parts.len() })
    }

    /// Ends the file that had no row for longest, if as many as may are open.
    fn make_room(&mut self) -> Result<(), FolderError> {
        if self.open.len() < OPEN {
            return Ok(());
        }
        let longest = self.open.iter().min_by_key(|(_, open)| open.last).map(|(month, _)| *month);
        if let Some(open) = longest.and_then(|month| self.open.remove(&month)) {
            open.part.finish()?;
        }
        Ok(())
    }

    fn part(&mut self, (year, month): Month) -> Result<Part, FolderError> {
        let folder = self.partial.join(format!("month={year:04}-{month:02}"));
        make(&folder)?;
        let number = self.parts.entry((year, month)).or_default();
        let file = folder.join(format!("part-{number}.{}", self.form.as_str()));
        *number += 1;
        Ok(match self.form {
            Form::Parquet => Part::parquet(&file, &self.layout)?,
            Form::Csv | Form::Ndjson => Part::text(&file, &self.names)?,
        })
    }

    /// Writes out the largest, if all of them together have gathered too much.
    fn lighten(&mut self) -> Result<(), FolderError> {
        // Looked at now and then: a sum over all for every row would be most of the work.
        if !self.rows.is_multiple_of(64) {
            return Ok(());
        }
        let gathered: usize = self.open.values().map(|open| open.part.bytes()).sum();
        if gathered > GATHERED
            && let Some(largest) = self.open.values_mut().max_by_key(|open| open.part.bytes())
        {
            largest.part.flush()?;
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.finished {
            // What can't be removed is named as what it is.
            let _ = std::fs::remove_dir_all(&self.partial);
        }
    }
}

fn make(path: &Path) -> Result<(), FolderError> {
    std::fs::create_dir_all(path).map_err(|source| FolderError::Unmade { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;
    use query_api::{Content, Datum};

    use super::*;

    const COLUMNS: [(&str, Kind); 3] = [("name", Kind::Text), ("size", Kind::Whole), ("tags", Kind::Texts)];

    fn row(year: i32, month: u32, data: Vec<Datum>) -> Row {
        let day = chrono::NaiveDate::from_ymd_opt(year, month, 1).unwrap();
        Row { at: day.and_time(chrono::NaiveTime::MIN).and_utc(), content: Content::Data(data) }
    }

    fn named(name: &str) -> Vec<Datum> {
        vec![Datum::Text(name.to_owned()), Datum::Nothing, Datum::Texts(Vec::new())]
    }

    fn begin(out: &Path) -> Folder {
        Folder::begin(out, "things", Form::Parquet, Vec::new(), &COLUMNS).unwrap()
    }

    fn reader(path: &Path) -> SerializedFileReader<std::fs::File> {
        SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap()
    }

    #[test]
    fn what_was_put_in_is_read_again() {
        let out = tempfile::tempdir().unwrap();
        let mut folder = begin(out.path());
        let tags = |tags: &[&str]| Datum::Texts(tags.iter().map(|tag| (*tag).to_owned()).collect());
        for data in [
            vec![Datum::Text("ä".into()), Datum::Whole(-1), tags(&["a", "b"])],
            vec![Datum::Nothing, Datum::Nothing, Datum::Nothing],
            vec![Datum::Text(String::new()), Datum::Whole(i64::MAX), tags(&[])],
            vec![Datum::Nothing, Datum::Whole(0), tags(&["c"])],
        ] {
            folder.push(row(2026, 1, data)).unwrap();
        }
        assert_eq!(folder.finish().unwrap(), Written { rows: 4, files: 1, months: 1 });
        let reader = reader(&out.path().join("things/month=2026-01/part-0.parquet"));
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        let shown: Vec<_> = rows.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "{name: \"ä\", size: -1, tags: [\"a\", \"b\"]}",
                "{name: null, size: null, tags: null}",
                "{name: \"\", size: 9223372036854775807, tags: []}",
                "{name: null, size: 0, tags: [\"c\"]}",
            ]
        );
        assert_eq!(rows[0].get_long(1).unwrap(), -1);
    }

    #[test]
    fn more_months_than_files_may_be_open_have_several_parts() {
        let out = tempfile::tempdir().unwrap();
        let mut folder = begin(out.path());
        let months = OPEN as i32 + 20;
        for _ in 0..2 {
            for index in 0..months {
                folder.push(row(2000 + index / 12, 1 + index as u32 % 12, named("x"))).unwrap();
            }
        }
        assert!(folder.open.len() <= OPEN);
        let written = folder.finish().unwrap();
        assert_eq!((written.rows, written.months), (2 * months as u64, months as usize));
        assert!(written.files > written.months as u32);
        let second = reader(&out.path().join("things/month=2000-01/part-1.parquet"));
        assert_eq!(second.metadata().file_metadata().num_rows(), 1);
    }

    #[test]
    fn what_is_gathered_stays_small() {
        let out = tempfile::tempdir().unwrap();
        let mut folder = begin(out.path());
        let long = "x".repeat(64 * 1024);
        for index in 0..2000 {
            folder.push(row(2026, 1 + index % 3, named(&long))).unwrap();
            let gathered: usize = folder.open.values().map(|open| open.part.bytes()).sum();
            assert!(gathered < GATHERED + 100 * long.len(), "{gathered}");
        }
        folder.finish().unwrap();
        let reader = reader(&out.path().join("things/month=2026-01/part-0.parquet"));
        assert!(reader.metadata().num_row_groups() > 1);
    }

    #[test]
    fn nothing_is_left_of_what_broke_off_and_nothing_is_written_over() {
        let out = tempfile::tempdir().unwrap();
        let mut folder = begin(out.path());
        folder.push(row(2026, 1, named("x"))).unwrap();
        drop(folder);
        assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
        begin(out.path()).finish().unwrap();
        assert!(matches!(Folder::room(out.path(), "things"), Err(FolderError::There(_))));
    }
}
