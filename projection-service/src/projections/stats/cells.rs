//! The differences that a batch makes, by cell.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::stats::{Dimension, Measure};
use sqlx::PgConnection;
use uuid::Uuid;

use super::ticket::{Counted, Ticket};

/// Count and sum, by tenant, measure, dimension, key, time and bin.
#[derive(Debug, Default)]
pub(super) struct Cells(BTreeMap<Key, (i64, i64)>);

type Key = (Uuid, Measure, Dimension, String, i64, i32);

impl Cells {
    /// A ticket that was counted as `before` is counted as `after`.
    pub(super) fn moved(&mut self, tenant: Uuid, before: Option<&Ticket>, after: Option<&Ticket>) {
        let counted = |ticket: Option<&Ticket>| ticket.map(Ticket::counted).unwrap_or_default();
        let (gone, come) = (counted(before), counted(after));
        for dimension in Dimension::ALL {
            let key = |ticket: Option<&Ticket>| ticket.map_or("", |ticket| ticket.key(*dimension)).to_owned();
            let (from, to) = (key(before), key(after));
            let same = from == to;
            let mut add = |key: &str, counted: &Counted, sign: i64| {
                let cell = (tenant, counted.measure, *dimension, key.to_owned(), counted.at, counted.bin);
                let entry = self.0.entry(cell).or_default();
                entry.0 += sign;
                entry.1 += sign * counted.value;
            };
            // What stays where it is needs no look; each as often as it is there.
            let mut gone = gone.clone();
            for one in &come {
                match gone.iter().position(|other| same && other == one) {
                    Some(place) => drop(gone.swap_remove(place)),
                    None => add(&to, one, 1),
                }
            }
            for one in &gone {
                add(&from, one, -1);
            }
        }
    }

    /// How many cells differ.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds them, and takes away the cells that came to nothing.
    pub(super) async fn write(self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let cells: Vec<(Key, (i64, i64))> =
            self.0.into_iter().filter(|(_, (count, sum))| (*count, *sum) != (0, 0)).collect();
        if cells.is_empty() {
            return Ok(());
        }
        let tenants: Vec<Uuid> = cells.iter().map(|(key, _)| key.0).collect();
        let measures: Vec<&str> = cells.iter().map(|(key, _)| key.1.as_str()).collect();
        let dimensions: Vec<&str> = cells.iter().map(|(key, _)| key.2.as_str()).collect();
        let keys: Vec<&str> = cells.iter().map(|(key, _)| key.3.as_str()).collect();
        let times: Vec<DateTime<Utc>> =
            cells.iter().map(|(key, _)| DateTime::from_timestamp_micros(key.4).unwrap_or_default()).collect();
        let bins: Vec<i32> = cells.iter().map(|(key, _)| key.5).collect();
        let counts: Vec<i64> = cells.iter().map(|(_, (count, _))| *count).collect();
        let sums: Vec<i64> = cells.iter().map(|(_, (_, sum))| *sum).collect();
        let left = sqlx::query_scalar!(
            "INSERT INTO cells (tenant_id, measure, dimension, key, at, bin, count, sum) \
             SELECT v.* FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], \
                                    $6::int4[], $7::int8[], $8::int8[]) AS v \
             ON CONFLICT (tenant_id, measure, dimension, key, at, bin) DO UPDATE \
             SET count = cells.count + EXCLUDED.count, sum = cells.sum + EXCLUDED.sum \
             RETURNING count",
            &tenants,
            measures.clone() as _,
            dimensions.clone() as _,
            keys.clone() as _,
            &times,
            &bins,
            &counts,
            &sums,
        )
        .fetch_all(&mut *db)
        .await?;
        if !left.contains(&0) {
            return Ok(());
        }
        sqlx::query!(
            "DELETE FROM cells AS c \
             USING unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::int4[]) \
                   AS v (tenant_id, measure, dimension, key, at, bin) \
             WHERE (c.tenant_id, c.measure, c.dimension, c.key, c.at, c.bin) \
                   = (v.tenant_id, v.measure, v.dimension, v.key, v.at, v.bin) AND c.count = 0",
            &tenants,
            measures as _,
            dimensions as _,
            keys as _,
            &times,
            &bins,
        )
        .execute(db)
        .await?;
        Ok(())
    }
}
