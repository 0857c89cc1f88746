//! What an import has to tell: what came in, which rows needed judgement, and what could not be taken.

use std::collections::BTreeMap;
use std::fmt;

/// How many rows are named of each kind.
const NAMED: usize = 20;

/// A row that didn't speak for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// What was the matter, and what was made of it.
    pub(crate) what: String,
    /// Which row of which ticket.
    pub(crate) row: String,
}

#[derive(Debug, Default)]
struct Rows {
    count: usize,
    named: Vec<String>,
}

impl Rows {
    fn add(&mut self, row: String) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(row);
        }
    }
}

/// What an import has to tell.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) rows: usize,
    pub(crate) tickets_added: usize,
    pub(crate) tickets_there: usize,
    pub(crate) events_added: usize,
    judged: BTreeMap<String, Rows>,
    refused: BTreeMap<String, Rows>,
}

impl Report {
    pub(crate) fn judged(&mut self, judgement: Judgement) {
        self.judged.entry(judgement.what).or_default().add(judgement.row);
    }

    pub(crate) fn refused(&mut self, why: String, what: String) {
        self.refused.entry(why).or_default().add(what);
    }

    pub(crate) fn tickets_refused(&self) -> usize {
        self.refused.values().map(|rows| rows.count).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} rows: {} tickets added with {} events, {} were there already, {} could not be taken",
            self.rows,
            self.tickets_added,
            self.events_added,
            self.tickets_there,
            self.tickets_refused()
        )?;
        list(f, "rows that needed judgement", &self.judged)?;
        list(f, "could not be taken", &self.refused)
    }
}

fn list(f: &mut fmt::Formatter<'_>, title: &str, kinds: &BTreeMap<String, Rows>) -> fmt::Result {
    if kinds.is_empty() {
        return Ok(());
    }
    writeln!(f, "{title}:")?;
    for (what, rows) in kinds {
        let more = rows.count - rows.named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        writeln!(f, "  {} × {what}: {}{more}", rows.count, rows.named.join(", "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_and_the_first_are_named() {
        let mut report = Report { rows: 30, ..Report::default() };
        for row in 0..22 {
            report.judged(Judgement { what: "state -100".to_owned(), row: format!("row {row}") });
        }
        report.refused("its number is taken".to_owned(), "INC1".to_owned());
        let text = report.to_string();
        assert!(text.contains("22 × state -100: row 0, row 1"), "{text}");
        assert!(text.contains("row 19 and 2 more"), "{text}");
        assert!(text.contains("1 × its number is taken: INC1"), "{text}");
    }
}
