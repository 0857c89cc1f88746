//! Whether the statistics are what the log says: a second, plain implementation counts every ticket's whole
//! history anew, and what it finds is compared with what is kept, figure by figure.
//!
//! It shares with the projection what is computed elsewhere (calendars), and nothing that counts: no state from
//! event to event, no differences. It reads the payloads as they stand in the log. Percentiles it computes from the
//! plain values, and compares what is told of the bins that are kept.

mod exact;
mod sums;
mod ticket;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::event::{SLA, TENANT, TICKET};
use domain::ids::Position;
use domain::stats::Office;
use domain::ticket::upcast::Upcasters;
use futures::TryStreamExt;
use serde::Serialize;
use serde_json::Value;
use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

use crate::connection::connect_unhurried;
use crate::projections::{named, schema};
use crate::rebuild::RebuildError;
use sums::Sums;

/// What a recount has found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recount {
    /// The position at which both were compared.
    pub position: Position,
    /// Tickets that were counted.
    pub tickets: u64,
    /// Sums that were compared.
    pub figures: u64,
    /// Those that differ, the first of them.
    pub differences: Vec<FigureDifference>,
    /// How many differ.
    pub differing: u64,
}

/// A figure that is kept otherwise than the log says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FigureDifference {
    /// Which: the table, the tenant, the measure, what it is counted by, when.
    pub figure: String,
    /// Count and sum that are kept; none if it isn't there.
    pub kept: Option<(i64, i64)>,
    /// Count and sum that the log gives.
    pub recounted: Option<(i64, i64)>,
}

/// Something that happened to a ticket, as it stands in the log.
#[derive(Debug)]
struct Told {
    position: i64,
    kind: String,
    at: DateTime<Utc>,
    payload: Value,
}

/// What tenants reckoned by, from which position on.
#[derive(Default)]
struct Offices(HashMap<Uuid, Vec<(i64, Office)>>);

impl Offices {
    /// What a tenant reckoned by when it came to this position.
    fn at(&self, tenant: Uuid, position: i64) -> Office {
        let told = self.0.get(&tenant).map(Vec::as_slice).unwrap_or_default();
        told.iter()
            .rev()
            .find(|(from, _)| *from <= position)
            .map_or_else(Office::default, |(_, office)| office.clone())
    }
}

/// Counts the whole log anew, up to where the statistics are, and compares. They go on meanwhile.
pub async fn recount(pool: &PgPool) -> Result<Recount, RebuildError> {
    let stats = named("stats").ok_or_else(|| RebuildError::Unknown("stats".to_owned()))?;
    let mut db = connect_unhurried(pool, &schema(stats)).await?;
    let mut transaction = db.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
    let position = sqlx::query_scalar!("SELECT position FROM read.checkpoints WHERE projection = 'stats'")
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(RebuildError::Missing)?;
    let offices = offices(&mut transaction, position).await?;
    let (mut sums, tickets) = count(&mut transaction, &offices, position).await?;
    let compared = sums.compare(&mut transaction).await?;
    transaction.rollback().await?;
    // It was asked for nothing else.
    let _ = db.close().await;
    Ok(Recount {
        position: Position(position),
        tickets,
        figures: compared.figures,
        differences: compared.differences,
        differing: compared.differing,
    })
}

/// What tenants reckoned by, one after the other.
async fn offices(db: &mut PgConnection, until: i64) -> Result<Offices, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT tenant_id, position, aggregate_type, event_type, event_version, payload::text AS "payload!"
           FROM events WHERE aggregate_type = ANY($1) AND position <= $2 ORDER BY position"#,
        [TENANT, SLA].as_slice() as _,
        until,
    )
    .fetch_all(db)
    .await?;
    let (upcasters, mut offices) = (Upcasters::default(), Offices::default());
    for row in rows {
        let (kind, name, version) = (&row.aggregate_type, &row.event_type, &row.event_version);
        let Ok(event) = domain::event::decode(kind, name, version, &row.payload, &upcasters) else {
            continue;
        };
        let told = offices.0.entry(row.tenant_id).or_default();
        let mut office = told.last().map_or_else(Office::default, |(_, office)| office.clone());
        if office.take(&event).is_some() {
            told.push((row.position, office));
        }
    }
    Ok(offices)
}

/// Counts ticket after ticket, each by its whole history.
async fn count(db: &mut PgConnection, offices: &Offices, until: i64) -> Result<(Sums, u64), sqlx::Error> {
    let (mut sums, mut tickets) = (Sums::default(), 0);
    let (mut ticket, mut history): (Option<(Uuid, String)>, Vec<Told>) = (None, Vec::new());
    let mut rows = sqlx::query!(
        r#"SELECT tenant_id, aggregate_id, position, event_type, payload::text AS "payload!",
                  (metadata ->> 'occurred_at')::timestamptz AS "at!"
           FROM events WHERE aggregate_type = $1 AND position <= $2 ORDER BY aggregate_id, sequence"#,
        TICKET,
        until,
    )
    .fetch(db);
    while let Some(row) = rows.try_next().await? {
        if ticket.as_ref().is_none_or(|(_, id)| *id != row.aggregate_id) {
            if let Some((tenant, _)) = &ticket {
                tickets += 1;
                sums.add(*tenant, &history, offices);
            }
            history.clear();
            ticket = Some((row.tenant_id, row.aggregate_id));
        }
        let payload =
            serde_json::from_str(&row.payload).map_err(|error| sqlx::Error::Decode(error.into()))?;
        history.push(Told { position: row.position, kind: row.event_type, at: row.at, payload });
    }
    if let Some((tenant, _)) = &ticket {
        tickets += 1;
        sums.add(*tenant, &history, offices);
    }
    Ok((sums, tickets))
}
