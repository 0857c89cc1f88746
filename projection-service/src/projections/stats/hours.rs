//! The differences that a batch makes in the sums of hours and quarters of an hour.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::stats::sketch::Bins;
use domain::stats::{Counted, Measure};
use sqlx::PgConnection;
use uuid::Uuid;

/// How long the stretches are that are summed up, in minutes.
const MINUTES: [i16; 2] = [60, 15];
/// How many sums one statement writes.
const AT_ONCE: usize = 8_000;

/// What is added up: tenant, length in minutes, measure, when it begins (microseconds since 1970), part.
type Key = (Uuid, i16, &'static str, i64, String);

#[derive(Debug, Default)]
struct Sum {
    count: i64,
    total: i64,
    bins: Bins,
}

/// Differences by what is added up.
#[derive(Debug, Default)]
pub(super) struct Hours(BTreeMap<Key, Sum>);

impl Hours {
    /// Something counts once more, or once less.
    pub(super) fn add(&mut self, tenant: Uuid, counted: &Counted, sign: i64) {
        for minutes in MINUTES {
            let begins = counted.at - counted.at.rem_euclid(i64::from(minutes) * 60_000_000);
            let key = (tenant, minutes, counted.measure.as_str(), begins, counted.part.clone());
            let sum = self.0.entry(key).or_default();
            sum.count += sign;
            sum.total += sign * counted.value;
            if counted.measure.is_time() || counted.measure == Measure::Rating {
                sum.bins.add(counted.bin(), sign);
            }
        }
    }

    /// Adds them to what is there, and takes away the sums that came to nothing.
    pub(super) async fn write(self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let mut sums: Vec<(Key, Sum)> = self
            .0
            .into_iter()
            .filter(|(_, sum)| (sum.count, sum.total) != (0, 0) || sum.bins != Bins::default())
            .collect();
        for some in sums.chunks_mut(AT_ONCE) {
            add(db, some).await?;
        }
        Ok(())
    }
}

async fn add(db: &mut PgConnection, sums: &mut [(Key, Sum)]) -> Result<(), sqlx::Error> {
    let tenants: Vec<Uuid> = sums.iter().map(|(key, _)| key.0).collect();
    let minutes: Vec<i16> = sums.iter().map(|(key, _)| key.1).collect();
    let measures: Vec<&str> = sums.iter().map(|(key, _)| key.2).collect();
    let times: Vec<DateTime<Utc>> =
        sums.iter().map(|(key, _)| DateTime::from_timestamp_micros(key.3).unwrap_or_default()).collect();
    let parts: Vec<String> = sums.iter().map(|(key, _)| key.4.clone()).collect();
    let there = sqlx::query!(
        r#"SELECT v.nth AS "nth!", h.count, h.sum, h.bins
           FROM unnest($1::uuid[], $2::int2[], $3::text[], $4::timestamptz[], $5::text[])
                WITH ORDINALITY AS v (tenant_id, minutes, measure, at, part, nth)
           JOIN hours AS h USING (tenant_id, minutes, measure, at, part)"#,
        &tenants,
        &minutes,
        measures.clone() as _,
        &times,
        &parts,
    )
    .fetch_all(&mut *db)
    .await?;
    for row in there {
        let Some((_, sum)) = sums.get_mut(row.nth as usize - 1) else { continue };
        sum.count += row.count;
        sum.total += row.sum;
        sum.bins.unpack(&row.bins);
    }
    let counts: Vec<i64> = sums.iter().map(|(_, sum)| sum.count).collect();
    let totals: Vec<i64> = sums.iter().map(|(_, sum)| sum.total).collect();
    let bins: Vec<Vec<u8>> = sums.iter().map(|(_, sum)| sum.bins.pack()).collect();
    sqlx::query!(
        "INSERT INTO hours (tenant_id, minutes, measure, at, part, count, sum, bins) \
         SELECT v.* FROM unnest($1::uuid[], $2::int2[], $3::text[], $4::timestamptz[], $5::text[], \
                                $6::int8[], $7::int8[], $8::bytea[]) AS v \
         ON CONFLICT (tenant_id, minutes, measure, at, part) DO UPDATE \
         SET count = EXCLUDED.count, sum = EXCLUDED.sum, bins = EXCLUDED.bins",
        &tenants,
        &minutes,
        measures.clone() as _,
        &times,
        &parts,
        &counts,
        &totals,
        &bins,
    )
    .execute(&mut *db)
    .await?;
    if counts.contains(&0) {
        sqlx::query!(
            "DELETE FROM hours AS h \
             USING unnest($1::uuid[], $2::int2[], $3::text[], $4::timestamptz[], $5::text[]) \
                   AS v (tenant_id, minutes, measure, at, part) \
             WHERE (h.tenant_id, h.minutes, h.measure, h.at, h.part) \
                   = (v.tenant_id, v.minutes, v.measure, v.at, v.part) AND h.count = 0",
            &tenants,
            &minutes,
            measures as _,
            &times,
            &parts,
        )
        .execute(db)
        .await?;
    }
    Ok(())
}
