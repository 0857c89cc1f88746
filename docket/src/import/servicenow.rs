//! The audit log of ServiceNow incidents: a row is the incident after one update, and its first row by time is its
//! opening.
//!
//! A file is read twice: once to its end before anything is kept of it ([`Survey`]), so that what makes the whole of
//! it unreadable is known, and how it is written; then ticket by ticket. What can't be read refuses its ticket, by
//! row and column, and is never taken for something else.

mod columns;
mod dates;
mod incident;
mod states;
mod survey;
mod text;

use std::collections::HashMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use csv::ByteRecord;
use domain::tenant::TenantSettings;
use indicatif::ProgressBar;

use super::plan::History;
use super::report::Judgement;
use columns::{Row, is_blank};
pub(crate) use dates::Order;
use incident::Reading;
pub(crate) use survey::Survey;
use survey::Trouble;
pub(crate) use text::Encoding;

/// Stands in the metadata of every event that comes from here, and in the tickets' ids.
pub(crate) const SOURCE: &str = "servicenow";

/// How a file is written, as far as somebody has named it.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) encoding: Option<Encoding>,
    pub(crate) separator: Option<u8>,
    pub(crate) date_format: Option<Order>,
    /// Of times that don't say.
    pub(crate) time_zone: Tz,
}

impl Default for Given {
    fn default() -> Self {
        Self { encoding: None, separator: None, date_format: None, time_zone: Tz::UTC }
    }
}

/// Why a file can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("cannot open {}", path.display())]
    Open { path: PathBuf, source: std::io::Error },
    #[error("cannot read {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        trouble: Trouble,
    },
    #[error("the file was changed while it was read: import it again")]
    Changed,
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

/// Reads the file that was surveyed, and hands on each incident once its last row is there, until `take` says that it
/// is enough. What lies after `now` is no history.
pub(crate) fn read(
    survey: &Survey,
    settings: &TenantSettings,
    now: DateTime<Utc>,
    progress: &ProgressBar,
    mut take: impl FnMut(Incident) -> bool,
) -> Result<(), ReadError> {
    let wrong = |trouble| ReadError::File { path: PathBuf::from("the file, the second time"), trouble };
    let reading = Reading::new(settings, survey, now);
    let mut rows = survey.read(progress).map_err(wrong)?;
    let mut held: HashMap<Vec<u8>, Vec<Row>> = HashMap::new();
    let mut record = ByteRecord::new();
    while let Some(place) = rows.next(&mut record).map_err(wrong)? {
        if is_blank(&record) {
            continue;
        }
        let row = survey.columns.row(&record, place);
        let number = survey.columns.surveyed(&record)[0].unwrap_or_default().trim_ascii();
        if row.number.is_empty() {
            if !take(without_number(&row)) {
                return Ok(());
            }
            continue;
        }
        let count = *survey.tickets.get(number).ok_or(ReadError::Changed)?;
        // Most stand together, and are handed on as they end.
        let complete = if let Some(rows) = held.get_mut(number) {
            rows.push(row);
            rows.len() == count
        } else {
            held.insert(number.to_vec(), vec![row]);
            count == 1
        };
        if complete
            && let Some(rows) = held.remove(number)
            && !take(whole(rows, &reading))
        {
            return Ok(());
        }
    }
    if held.is_empty() { Ok(()) } else { Err(ReadError::Changed) }
}

fn without_number(row: &Row) -> Incident {
    let why = row.fault.clone().unwrap_or_else(|| "it has no number".to_owned());
    Incident { number: format!("row {}", row.row), rows: 1, history: Err(why), judgements: Vec::new() }
}

fn whole(rows: Vec<Row>, reading: &Reading<'_>) -> Incident {
    let number = rows.first().map(|row| row.number.clone()).unwrap_or_default();
    let count = rows.len();
    let mut judgements = Vec::new();
    let history = incident::history(rows, reading, &mut judgements);
    Incident { number, rows: count, history, judgements }
}

#[cfg(test)]
mod tests;
