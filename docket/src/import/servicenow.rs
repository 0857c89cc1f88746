//! The audit log of ServiceNow incidents: a row is the incident after one update, and the rows of
//! an incident stand together, the opening first.

mod columns;
mod incident;
mod states;

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use csv::ByteRecord;
use domain::tenant::TenantSettings;
use flate2::read::MultiGzDecoder;
use indicatif::ProgressBar;

use super::plan::History;
use super::report::Judgement;
use columns::{Columns, Row};

/// Stands in the metadata of every event that comes from here, and in the tickets' ids.
pub(crate) const SOURCE: &str = "servicenow";

/// Why a file can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("cannot open {}", path.display())]
    Open { path: PathBuf, source: std::io::Error },
    #[error("cannot read {}", path.display())]
    Csv { path: PathBuf, source: csv::Error },
    #[error("{} is no audit log of incidents: it has no column {column}", path.display())]
    Column { path: PathBuf, column: &'static str },
}

/// One incident as it was read.
#[derive(Debug)]
pub(crate) struct Incident {
    pub(crate) number: String,
    pub(crate) rows: usize,
    /// What happened, or why it can't be told.
    pub(crate) history: Result<History, String>,
    pub(crate) judgements: Vec<Judgement>,
}

/// Reads a file, plain or with gzip, and hands on each incident, until `take` says that it is enough.
pub(crate) fn read(
    path: &Path,
    settings: &TenantSettings,
    progress: &ProgressBar,
    mut take: impl FnMut(Incident) -> bool,
) -> Result<(), ReadError> {
    let csv_failed = |source| ReadError::Csv { path: path.to_path_buf(), source };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(open(path, progress)?);
    let headers = reader.byte_headers().map_err(csv_failed)?.clone();
    let columns = Columns::find(&headers);
    let columns = columns.map_err(|column| ReadError::Column { path: path.to_path_buf(), column })?;
    let mut seen = HashSet::new();
    let mut rows: Vec<Row> = Vec::new();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(csv_failed)? {
        let row = columns.row(&record);
        if rows.first().is_some_and(|first| first.number != row.number)
            && !take(whole(std::mem::take(&mut rows), settings, &mut seen))
        {
            return Ok(());
        }
        rows.push(row);
    }
    if !rows.is_empty() {
        take(whole(rows, settings, &mut seen));
    }
    Ok(())
}

fn whole(rows: Vec<Row>, settings: &TenantSettings, seen: &mut HashSet<String>) -> Incident {
    let number = rows.first().map(|row| row.number.clone()).unwrap_or_default();
    let count = rows.len();
    let mut judgements = Vec::new();
    let history = if seen.insert(number.clone()) {
        incident::history(rows, settings, &mut judgements)
    } else {
        Err("its rows don't stand together: sort the file by number".to_owned())
    };
    Incident { number, rows: count, history, judgements }
}

fn open(path: &Path, progress: &ProgressBar) -> Result<Box<dyn Read>, ReadError> {
    let failed = |source| ReadError::Open { path: path.to_path_buf(), source };
    let mut magic = [0; 2];
    let packed = File::open(path).map_err(failed)?.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
    let file = File::open(path).map_err(failed)?;
    progress.set_length(file.metadata().map_err(failed)?.len());
    let file = BufReader::new(progress.wrap_read(file));
    Ok(if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}

#[cfg(test)]
mod tests;
