//! The differences that a batch makes in the sums of days and months.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use domain::stats::sketch::Bins;
use domain::stats::{Counted, Dimension, Measure, Office};
use sqlx::PgConnection;
use uuid::Uuid;

use super::desk;
use crate::row::Bytes;

/// How many sums are held in memory: some 200 bytes each. What is written costs by the sum, however many
/// events have changed it, so that a stretch of the log is to be written once.
const HELD: usize = 60_000;
/// How many of them one statement writes.
const AT_ONCE: usize = 8_000;
/// How many tickets are looked at together when days are summed up anew.
const TICKETS: i64 = 5_000;

/// What is added up. In the order of the table's key, so that what is written together lies together.
#[expect(clippy::struct_field_names, reason = "they are named as the table's columns")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    tenant: Uuid,
    dimension: &'static str,
    /// Of a month, not of a day.
    months: bool,
    measure: &'static str,
    day: NaiveDate,
    key: Arc<str>,
    part: Arc<str>,
}

#[derive(Debug, Default)]
struct Sum {
    count: i64,
    total: i64,
    bins: Bins,
}

impl Sum {
    fn is_nothing(&self) -> bool {
        (self.count, self.total) == (0, 0) && self.bins == Bins::default()
    }
}

/// Differences by what is added up.
#[derive(Debug, Default)]
pub(super) struct Days {
    sums: HashMap<Key, Sum>,
    /// Each value once: they are few, and come up again and again.
    texts: HashSet<Arc<str>>,
}

impl Days {
    /// Something counts once more under a value of a dimension, or once less.
    pub(super) fn add(
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
        let (key, part) = (self.text(key), self.text(&counted.part));
        for (months, day) in [(false, day), (true, month)] {
            let (dimension, measure) = (dimension.as_str(), counted.measure.as_str());
            let (key, part) = (Arc::clone(&key), Arc::clone(&part));
            let sum =
                self.sums.entry(Key { tenant, dimension, months, measure, day, key, part }).or_default();
            sum.count += sign;
            sum.total += sign * counted.value;
            sum.bins.add(bin, sign);
        }
    }

    fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&new));
        new
    }

    /// Writes them if there are many, and begins anew.
    pub(super) async fn write_if_many(&mut self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.sums.len() < HELD {
            return Ok(());
        }
        std::mem::take(self).write(db).await
    }

    /// Adds them to what is there, and takes away the sums that came to nothing.
    pub(super) async fn write(self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let mut sums: Vec<(Key, Sum)> = self.sums.into_iter().filter(|(_, sum)| !sum.is_nothing()).collect();
        sums.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for some in sums.chunks_mut(AT_ONCE) {
            add(db, some).await?;
        }
        Ok(())
    }
}

/// Adds some sums, in the order of their keys, to what is there.
async fn add(db: &mut PgConnection, sums: &mut [(Key, Sum)]) -> Result<(), sqlx::Error> {
    let there = {
        let columns = Columns::of(sums.iter());
        sqlx::query!(
            r#"SELECT v.nth AS "nth!", d.ctid::text AS "place!", d.count, d.sum, d.bins
               FROM unnest($1::uuid[], $2::text[], $3::bool[], $4::text[], $5::date[], $6::text[], $7::text[])
                    WITH ORDINALITY AS v (tenant_id, dimension, months, measure, day, key, part, nth)
               JOIN days AS d USING (tenant_id, dimension, months, measure, day, key, part)"#,
            &columns.tenants,
            columns.dimensions as _,
            &columns.months,
            columns.measures as _,
            &columns.days,
            columns.keys as _,
            columns.parts as _,
        )
        .fetch_all(&mut *db)
        .await?
    };
    let mut places: Vec<Option<String>> = vec![None; sums.len()];
    for row in there {
        let nth = row.nth as usize - 1;
        let Some((_, sum)) = sums.get_mut(nth) else { continue };
        sum.count += row.count;
        sum.total += row.sum;
        sum.bins.unpack(&row.bins);
        places[nth] = Some(row.place);
    }
    let (mut new, mut changed, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for ((key, sum), place) in sums.iter().zip(places) {
        match place {
            None if sum.count == 0 => {}
            None => new.push((key, sum)),
            Some(place) if sum.count == 0 => gone.push(place),
            Some(place) => changed.push((place, sum)),
        }
    }
    insert(db, &new).await?;
    update(db, changed).await?;
    remove(db, &gone).await
}

/// The keys of sums, column by column.
struct Columns<'a> {
    tenants: Vec<Uuid>,
    dimensions: Vec<&'a str>,
    months: Vec<bool>,
    measures: Vec<&'a str>,
    days: Vec<NaiveDate>,
    keys: Vec<&'a str>,
    parts: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(sums: impl Iterator<Item = &'a (Key, Sum)> + Clone) -> Self {
        Self::of_keys(sums.map(|(key, _)| key))
    }

    fn of_keys(keys: impl Iterator<Item = &'a Key> + Clone) -> Self {
        Self {
            tenants: keys.clone().map(|key| key.tenant).collect(),
            dimensions: keys.clone().map(|key| key.dimension).collect(),
            months: keys.clone().map(|key| key.months).collect(),
            measures: keys.clone().map(|key| key.measure).collect(),
            days: keys.clone().map(|key| key.day).collect(),
            keys: keys.clone().map(|key| &*key.key).collect(),
            parts: keys.map(|key| &*key.part).collect(),
        }
    }
}

async fn insert(db: &mut PgConnection, new: &[(&Key, &Sum)]) -> Result<(), sqlx::Error> {
    if new.is_empty() {
        return Ok(());
    }
    let columns = Columns::of_keys(new.iter().map(|(key, _)| *key));
    sqlx::query!(
        "INSERT INTO days (tenant_id, dimension, months, measure, day, key, part, count, sum, bins) \
         SELECT v.* FROM unnest($1::uuid[], $2::text[], $3::bool[], $4::text[], $5::date[], $6::text[], \
                                $7::text[], $8::int8[], $9::int8[], $10::bytea[]) AS v",
        &columns.tenants,
        columns.dimensions as _,
        &columns.months,
        columns.measures as _,
        &columns.days,
        columns.keys as _,
        columns.parts as _,
        &new.iter().map(|(_, sum)| sum.count).collect::<Vec<_>>(),
        &new.iter().map(|(_, sum)| sum.total).collect::<Vec<_>>(),
        &new.iter().map(|(_, sum)| sum.bins.pack()).collect::<Vec<_>>(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Changes rows where they lie: one writer has the table, and they were looked up a moment ago.
async fn update(db: &mut PgConnection, changed: Vec<(String, &Sum)>) -> Result<(), sqlx::Error> {
    if changed.is_empty() {
        return Ok(());
    }
    let counts: Vec<i64> = changed.iter().map(|(_, sum)| sum.count).collect();
    let totals: Vec<i64> = changed.iter().map(|(_, sum)| sum.total).collect();
    let bins: Vec<Vec<u8>> = changed.iter().map(|(_, sum)| sum.bins.pack()).collect();
    let places: Vec<String> = changed.into_iter().map(|(place, _)| place).collect();
    let done = sqlx::query!(
        "UPDATE days AS d SET count = v.count, sum = v.sum, bins = v.bins \
         FROM unnest($1::text[]::tid[], $2::int8[], $3::int8[], $4::bytea[]) AS v (place, count, sum, bins) \
         WHERE d.ctid = v.place",
        &places,
        &counts,
        &totals,
        &bins,
    )
    .execute(db)
    .await?;
    all_of(places.len(), done.rows_affected())
}

async fn remove(db: &mut PgConnection, gone: &[String]) -> Result<(), sqlx::Error> {
    if gone.is_empty() {
        return Ok(());
    }
    let done = sqlx::query!("DELETE FROM days WHERE ctid = ANY($1::text[]::tid[])", gone).execute(db).await?;
    all_of(gone.len(), done.rows_affected())
}

/// A row that isn't where it was is another writer's: the transaction is of no use.
fn all_of(wanted: usize, affected: u64) -> Result<(), sqlx::Error> {
    if affected == wanted as u64 {
        return Ok(());
    }
    Err(sqlx::Error::Protocol(format!("{affected} sums were written instead of {wanted}")))
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
            let ticket = desk::read(&Bytes(row.memory))?;
            ticket.differences(None, |dimension, key, counted, sign| {
                days.add((tenant, dimension, key), office, counted, sign);
            });
            days.write_if_many(db).await?;
        }
        days.write(db).await?;
    }
}
