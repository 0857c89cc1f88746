//! What applying events costs, measured now and then: rows, bytes of WAL, time.
//!
//! Postgres counts the rows of a transaction by itself. It doesn't count the bytes that one session writes
//! ahead, only those of all: so what others write at the same time is in the difference. It can only add,
//! so the transaction with the least for each event says what there is to say.

use std::collections::VecDeque;
use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::Instant;

/// How often a transaction is measured at most: measuring takes a millisecond.
const APART: Duration = Duration::from_secs(1);
/// How many measured transactions are remembered.
const REMEMBERED: usize = 32;

/// A transaction that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sample {
    events: i64,
    rows: i64,
    wal_bytes: i64,
    micros: i64,
}

/// The sums over the last transactions that were measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    batches: i64,
    events: i64,
    rows: i64,
    wal_bytes: i64,
    micros: i64,
}

/// Measures one projection.
#[derive(Debug)]
pub(crate) struct Meter {
    last: VecDeque<Sample>,
    due: Instant,
    unsaved: bool,
}

/// A transaction that is being measured.
#[derive(Clone, Debug)]
pub(crate) struct Measuring {
    began: Instant,
    lsn: i64,
}

impl Meter {
    /// Nothing was measured yet.
    pub(crate) fn new() -> Self {
        Self { last: VecDeque::with_capacity(REMEMBERED), due: Instant::now(), unsaved: false }
    }

    /// Begins to measure a transaction that has just begun, if one is due.
    pub(crate) async fn begin(&self, db: &mut PgConnection) -> Result<Option<Measuring>, sqlx::Error> {
        let began = Instant::now();
        if began < self.due {
            return Ok(None);
        }
        let lsn = sqlx::query_scalar!(
            r#"SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::int8 AS "at!""#
        );
        Ok(Some(Measuring { began, lsn: lsn.fetch_one(db).await? }))
    }

    /// Reads what a transaction has cost, just before it commits.
    pub(crate) async fn end(
        &mut self,
        db: &mut PgConnection,
        measuring: Measuring,
        events: usize,
    ) -> Result<(), sqlx::Error> {
        let cost = sqlx::query!(
            r#"SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::int8 AS "lsn!",
                      (SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::int8
                       FROM pg_stat_xact_user_tables WHERE schemaname = current_schema()) AS "rows!""#,
        )
        .fetch_one(db)
        .await?;
        self.take(Sample {
            events: events as i64,
            rows: cost.rows,
            wal_bytes: (cost.lsn - measuring.lsn).max(0),
            micros: measuring.began.elapsed().as_micros() as i64,
        });
        Ok(())
    }

    fn take(&mut self, sample: Sample) {
        if self.last.len() == REMEMBERED {
            self.last.pop_front();
        }
        self.last.push_back(sample);
        self.due = Instant::now() + APART;
        self.unsaved = true;
    }

    fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for sample in &self.last {
            sums.batches += 1;
            sums.events += sample.events;
            sums.rows += sample.rows;
            sums.micros += sample.micros;
        }
        let least = self.last.iter().min_by(|one, other| {
            let (one, other) = (one.wal_bytes * other.events, other.wal_bytes * one.events);
            one.cmp(&other)
        });
        sums.wal_bytes = least.map_or(0, |least| least.wal_bytes * sums.events / least.events.max(1));
        sums
    }

    /// Keeps the sums where operators find them, if they have changed.
    pub(crate) async fn save(&mut self, db: &mut PgConnection, projection: &str) -> Result<(), sqlx::Error> {
        if !std::mem::take(&mut self.unsaved) {
            return Ok(());
        }
        let sums = self.sums();
        sqlx::query!(
            "INSERT INTO read.costs (projection, batches, events, rows, wal_bytes, micros) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (projection) DO UPDATE \
             SET batches = EXCLUDED.batches, events = EXCLUDED.events, rows = EXCLUDED.rows, \
                 wal_bytes = EXCLUDED.wal_bytes, micros = EXCLUDED.micros, updated_at = now()",
            projection,
            sums.batches,
            sums.events,
            sums.rows,
            sums.wal_bytes,
            sums.micros,
        )
        .execute(db)
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_write_meanwhile_is_left_out() {
        let mut meter = Meter::new();
        meter.take(Sample { events: 10, rows: 20, wal_bytes: 9_000, micros: 5 });
        meter.take(Sample { events: 30, rows: 60, wal_bytes: 3_000, micros: 7 });
        let sums = meter.sums();
        assert_eq!(sums, Sums { batches: 2, events: 40, rows: 80, wal_bytes: 4_000, micros: 12 });
    }

    #[test]
    fn only_the_last_ones_are_remembered() {
        let mut meter = Meter::new();
        for events in 1..=100 {
            meter.take(Sample { events, rows: 1, wal_bytes: 1, micros: 1 });
        }
        assert_eq!(meter.sums().batches, REMEMBERED as i64);
        assert_eq!(meter.sums().events, (69..=100).sum::<i64>());
    }
}
