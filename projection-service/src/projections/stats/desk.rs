//! The tickets that a batch is about.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, Utc};
use domain::stats::{Counted, Dimension, Measure, Ticket, View};
use domain::ticket::TicketEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use super::days::Days;
use super::hours::Hours;
use super::offices::Offices;
use crate::entry::{Fact, known_tickets};
use crate::row::{self, Bytes, TextArray, Working, row};

row! {
    /// What a ticket counts under, and what its fold needs.
    TicketRow in "measured"
    key { ticket_id: Uuid }
    once {}
    value {
        tenant_id: Uuid,
        priority: String,
        category: String,
        source: String,
        team: String,
        agent: String,
        tags: TextArray,
        hidden: bool,
        memory: Bytes,
    }
}

row! {
    /// Something that is counted.
    FactRow in "facts"
    key { ticket_id: Uuid }
    once {
        tenant_id: Uuid,
        measure: String,
        at: DateTime<Utc>,
        part: String,
        agent: Option<String>,
        bin: i32,
        value: i64,
    }
    value {}
}

/// A ticket at work: what it was when the batch began, and what it is.
struct AtWork {
    tenant: Uuid,
    began: Option<View>,
    ticket: Ticket,
}

/// The tickets of a batch with what that changes in the figures.
pub(super) struct Desk {
    rows: Working<Uuid, TicketRow>,
    tickets: BTreeMap<Uuid, AtWork>,
}

impl Desk {
    /// Fetches the tickets that these facts are about.
    pub(super) async fn load(db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<Self, sqlx::Error> {
        let rows = Working::load(db, known_tickets(facts), |row: &TicketRow| row.ticket_id).await?;
        Ok(Self { rows, tickets: BTreeMap::new() })
    }

    /// Takes in what happened to a ticket.
    pub(super) fn take(&mut self, fact: &Fact<'_>, offices: &Offices) -> Result<(), sqlx::Error> {
        let Some((id, event)) = fact.ticket() else { return Ok(()) };
        let (tenant, at) = (fact.tenant(), fact.occurred_at());
        let office = offices.of(tenant);
        if let TicketEvent::TicketOpened(event) = event {
            let ticket = Ticket::opened(event, at, office);
            self.tickets.insert(id, AtWork { tenant, began: None, ticket });
        } else {
            self.bring(id)?;
            if let Some(work) = self.tickets.get_mut(&id) {
                work.ticket.apply(event, at, office);
            }
        }
        Ok(())
    }

    /// Puts a ticket that is known to work.
    fn bring(&mut self, id: Uuid) -> Result<(), sqlx::Error> {
        if let Entry::Vacant(place) = self.tickets.entry(id)
            && let Some(row) = self.rows.get(id)
        {
            let ticket = read(&row.memory)?;
            place.insert(AtWork { tenant: row.tenant_id, began: Some(ticket.view()), ticket });
        }
        Ok(())
    }

    /// Writes what has changed: of each ticket the difference between what it was and what it is, whatever it
    /// was in between.
    pub(super) async fn write(mut self, db: &mut PgConnection, offices: &Offices) -> Result<(), sqlx::Error> {
        let (mut come, mut gone) = (Vec::new(), Vec::new());
        let (mut days, mut hours) = (Days::default(), Hours::default());
        for (id, work) in &self.tickets {
            let office = offices.of(work.tenant);
            work.ticket.differences(work.began.as_ref(), |dimension, key, counted, sign| {
                days.add((work.tenant, dimension, key), office, counted, sign);
                if dimension == Dimension::Total {
                    hours.add(work.tenant, counted, sign);
                }
            });
            days.write_if_many(db).await?;
            let (new, old) = work.ticket.since(work.began.as_ref());
            for one in new {
                come.push(fact(*id, work.tenant, one)?);
            }
            gone.extend(old.into_iter().map(|one| (*id, one.measure)));
            let row = row(*id, work.tenant, &work.ticket)?;
            if self.rows.get(*id) != Some(&row) {
                self.rows.put(*id, row);
            }
        }
        remove(db, &gone).await?;
        row::insert(db, come.iter()).await?;
        self.rows.write(db).await?;
        hours.write(db).await?;
        days.write(db).await
    }
}

/// A ticket as it was kept.
pub(super) fn read(memory: &Bytes) -> Result<Ticket, sqlx::Error> {
    postcard::from_bytes(&memory.0).map_err(|error| sqlx::Error::Decode(error.into()))
}

fn row(ticket_id: Uuid, tenant_id: Uuid, ticket: &Ticket) -> Result<TicketRow, sqlx::Error> {
    let memory = postcard::to_allocvec(ticket).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let value = |dimension| ticket.values(dimension).first().cloned().unwrap_or_default();
    Ok(TicketRow {
        ticket_id,
        tenant_id,
        priority: value(Dimension::Priority),
        category: value(Dimension::Category),
        source: value(Dimension::Source),
        team: value(Dimension::Team),
        agent: value(Dimension::Agent),
        tags: TextArray(ticket.values(Dimension::Tag).to_vec()),
        hidden: ticket.is_hidden(),
        memory: Bytes(memory),
    })
}

fn fact(ticket_id: Uuid, tenant_id: Uuid, counted: Counted) -> Result<FactRow, sqlx::Error> {
    let at = DateTime::from_timestamp_micros(counted.at);
    let at = at.ok_or_else(|| sqlx::Error::Decode(format!("{} is no time", counted.at).into()))?;
    Ok(FactRow {
        ticket_id,
        tenant_id,
        measure: counted.measure.as_str().to_owned(),
        at,
        bin: counted.bin(),
        part: counted.part,
        agent: counted.agent,
        value: counted.value,
    })
}

/// Takes out what stands no longer: of each measure a ticket has one that can go.
async fn remove(db: &mut PgConnection, gone: &[(Uuid, Measure)]) -> Result<(), sqlx::Error> {
    if gone.is_empty() {
        return Ok(());
    }
    let tickets: Vec<Uuid> = gone.iter().map(|(ticket, _)| *ticket).collect();
    let measures: Vec<String> = gone.iter().map(|(_, measure)| measure.as_str().to_owned()).collect();
    let removed = sqlx::query!(
        "DELETE FROM facts AS f USING unnest($1::uuid[], $2::text[]) AS v (ticket_id, measure) \
         WHERE f.ticket_id = v.ticket_id AND f.measure = v.measure",
        &tickets,
        &measures,
    )
    .execute(db)
    .await?;
    if removed.rows_affected() == gone.len() as u64 {
        return Ok(());
    }
    Err(sqlx::Error::Protocol(format!(
        "{} facts were taken out instead of {}",
        removed.rows_affected(),
        gone.len()
    )))
}
