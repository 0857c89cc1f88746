//! The differences that a batch makes in the sums of days and months.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use domain::stats::sketch::Bins;
use domain::stats::{Counted, Dimension, Measure, Office, Ticket, View};
use sqlx::PgConnection;
use uuid::Uuid;

use super::desk;
use crate::row::Bytes;

/// How many sums are written together: history spreads over many, and they are to be held in memory.
const AT_ONCE: usize = 8_000;
/// How many tickets are looked at together when days are summed up anew.
const TICKETS: i64 = 5_000;

/// What is added up: tenant, dimension, whether of a month, measure, day, key, part.
type Key = (Uuid, Dimension, bool, Measure, NaiveDate, String, String);

#[derive(Debug, Default)]
struct Sum {
    count: i64,
    total: i64,
    bins: Bins,
}

/// Differences by what is added up.
#[derive(Debug, Default)]
pub(super) struct Days(BTreeMap<Key, Sum>);

impl Days {
    /// A ticket is counted otherwise than it was.
    pub(super) fn changed(&mut self, tenant: Uuid, office: &Office, before: Option<&View>, ticket: &Ticket) {
        ticket.differences(before, |dimension, key, counted, sign| {
            self.add((tenant, dimension, key), office, counted, sign);
        });
    }

    fn add(
        &mut self,
        (tenant, dimension, key): (Uuid, Dimension, &str),
        office: &Office,
        counted: &Counted,
        sign: i64,
    ) {
        let (day, hour) = office.day(counted.at);
        let bin = match counted.measure {
            Measure::Rating => counted.bin(),
            measure if measure.is_time() => counted.bin(),
            _ => hour,
        };
        let month = day.with_day(1).unwrap_or(day);
        for (months, day) in [(false, day), (true, month)] {
            let (measure, part) = (counted.measure, counted.part.clone());
            let sum =
                self.0.entry((tenant, dimension, months, measure, day, key.to_owned(), part)).or_default();
            sum.count += sign;
            sum.total += sign * counted.value;
            sum.bins.add(bin, sign);
        }
    }

    /// Writes them if there are many, and begins anew.
    pub(super) async fn write_if_many(&mut self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.0.len() < AT_ONCE {
            return Ok(());
        }
        std::mem::take(self).write(db).await
    }

    /// Adds them to what is there, and takes away the sums that came to nothing.
    pub(super) async fn write(self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let nothing = Bins::default();
        let mut sums: Vec<(Key, Sum)> = self
            .0
            .into_iter()
            .filter(|(_, sum)| (sum.count, sum.total) != (0, 0) || sum.bins != nothing)
            .collect();
        if sums.is_empty() {
            return Ok(());
        }
        let tenants: Vec<Uuid> = sums.iter().map(|(key, _)| key.0).collect();
        let dimensions: Vec<&str> = sums.iter().map(|(key, _)| key.1.as_str()).collect();
        let months: Vec<bool> = sums.iter().map(|(key, _)| key.2).collect();
        let measures: Vec<&str> = sums.iter().map(|(key, _)| key.3.as_str()).collect();
        let days: Vec<NaiveDate> = sums.iter().map(|(key, _)| key.4).collect();
        let keys: Vec<String> = sums.iter().map(|(key, _)| key.5.clone()).collect();
        let parts: Vec<String> = sums.iter().map(|(key, _)| key.6.clone()).collect();
        let there = sqlx::query!(
            r#"SELECT v.nth AS "nth!", d.count, d.sum, d.bins
               FROM unnest($1::uuid[], $2::text[], $3::bool[], $4::text[], $5::date[], $6::text[], $7::text[])
                    WITH ORDINALITY AS v (tenant_id, dimension, months, measure, day, key, part, nth)
               JOIN days AS d USING (tenant_id, dimension, months, measure, day, key, part)"#,
            &tenants,
            dimensions.clone() as _,
            &months,
            measures.clone() as _,
            &days,
            &keys,
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
            "INSERT INTO days (tenant_id, dimension, months, measure, day, key, part, count, sum, bins) \
             SELECT v.* FROM unnest($1::uuid[], $2::text[], $3::bool[], $4::text[], $5::date[], $6::text[], \
                                    $7::text[], $8::int8[], $9::int8[], $10::bytea[]) AS v \
             ON CONFLICT (tenant_id, dimension, months, measure, day, key, part) DO UPDATE \
             SET count = EXCLUDED.count, sum = EXCLUDED.sum, bins = EXCLUDED.bins",
            &tenants,
            dimensions.clone() as _,
            &months,
            measures.clone() as _,
            &days,
            &keys,
            &parts,
            &counts,
            &totals,
            &bins,
        )
        .execute(&mut *db)
        .await?;
        if !counts.contains(&0) {
            return Ok(());
        }
        sqlx::query!(
            "DELETE FROM days AS d \
             USING unnest($1::uuid[], $2::text[], $3::bool[], $4::text[], $5::date[], $6::text[], $7::text[]) \
                   AS v (tenant_id, dimension, months, measure, day, key, part) \
             WHERE (d.tenant_id, d.dimension, d.months, d.measure, d.day, d.key, d.part) \
                   = (v.tenant_id, v.dimension, v.months, v.measure, v.day, v.key, v.part) AND d.count = 0",
            &tenants,
            dimensions as _,
            &months,
            measures as _,
            &days,
            &keys,
            &parts,
        )
        .execute(db)
        .await?;
        Ok(())
    }
}

/// Sums up a tenant's days anew, whose time zone has changed.
pub(super) async fn anew(db: &mut PgConnection, tenant: Uuid, office: &Office) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM days WHERE tenant_id = $1", tenant).execute(&mut *db).await?;
    let mut last = Uuid::nil();
    loop {
        let rows = sqlx::query!(
            "SELECT ticket_id, memory FROM measured WHERE tenant_id = $1 AND ticket_id > $2 \
             ORDER BY ticket_id LIMIT $3",
            tenant,
            last,
            TICKETS,
        )
        .fetch_all(&mut *db)
        .await?;
        let Some(end) = rows.last() else { return Ok(()) };
        last = end.ticket_id;
        let mut days = Days::default();
        for row in rows {
            days.changed(tenant, office, None, &desk::read(&Bytes(row.memory))?);
            days.write_if_many(db).await?;
        }
        days.write(db).await?;
    }
}
