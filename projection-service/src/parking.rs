//! Which events a projection applies, and which wait.

use std::collections::{HashMap, HashSet};

use domain::ids::Position;
use event_store::parked;
use sqlx::PgConnection;

use crate::entry::{Fact, LogEntry};

type Stream = (String, String);

/// The aggregates that a projection can't go on with, each from a position on, and the events that
/// it leaves out by an operator's decision.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parking {
    parked: HashMap<Stream, Position>,
    skipped: HashSet<Position>,
}

/// What of a stretch of the log is to be applied.
pub(crate) struct Selection<'a> {
    /// In the log's order.
    pub(crate) facts: Vec<Fact<'a>>,
    /// Entries that can't be applied, each with the reason: the first of its stream.
    pub(crate) refused: Vec<(&'a LogEntry, String)>,
}

impl Parking {
    /// What is parked and skipped at present.
    pub(crate) async fn read(db: &mut PgConnection, projection: &str) -> Result<Self, sqlx::Error> {
        let parked = parked::list(&mut *db, Some(projection)).await?;
        let parked = parked
            .into_iter()
            .map(|parked| ((parked.aggregate_type, parked.aggregate_id), parked.position))
            .collect();
        Ok(Self { parked, skipped: parked::skipped(&mut *db, projection).await? })
    }

    /// The same without what is parked: a rebuild tries again what couldn't be applied.
    pub(crate) fn afresh(self) -> Self {
        Self { parked: HashMap::new(), skipped: self.skipped }
    }

    /// How many aggregates are parked.
    pub(crate) fn len(&self) -> usize {
        self.parked.len()
    }

    /// Nothing is parked.
    pub(crate) fn is_empty(&self) -> bool {
        self.parked.is_empty()
    }

    /// Takes out what is skipped, what waits behind a parked event, and what can't be read.
    pub(crate) fn select<'a>(&self, entries: &[&'a LogEntry]) -> Selection<'a> {
        let mut selection = Selection { facts: Vec::with_capacity(entries.len()), refused: Vec::new() };
        let mut refused = HashSet::new();
        for entry in entries {
            if self.skipped.contains(&entry.position())
                || self.waits(entry)
                || refused.contains(&entry.stream())
            {
                continue;
            }
            match Fact::of(entry) {
                Ok(fact) => selection.facts.push(fact),
                Err(error) => {
                    refused.insert(entry.stream());
                    selection.refused.push((entry, error.to_owned()));
                }
            }
        }
        selection
    }

    /// From this entry on, its aggregate waits.
    pub(crate) fn park(&mut self, entry: &LogEntry) {
        let (kind, id) = entry.stream();
        self.parked.entry((kind.to_owned(), id.to_owned())).or_insert(entry.position());
    }

    fn waits(&self, entry: &LogEntry) -> bool {
        if self.parked.is_empty() {
            return false;
        }
        let (kind, id) = entry.stream();
        let since = self.parked.get(&(kind.to_owned(), id.to_owned()));
        since.is_some_and(|since| *since <= entry.position())
    }
}
