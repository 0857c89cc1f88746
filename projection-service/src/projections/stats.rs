//! Figures by the quarter of an hour, kept by differences: what a ticket is counted as before and after each event.
//!
//! A ticket counts under what it is now: one that changes its category or its agent, is marked as spam or
//! put away, takes all of its figures along. So they never drift, and a rebuild gives the same.

mod cells;
mod ticket;

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::event::Event;
use domain::ticket::TicketEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Projection, Sql, sql};
use crate::entry::{Fact, known_tickets};
use crate::row::{Bytes, Working, row};
use cells::Cells;
use ticket::Ticket;

row! {
    /// What a ticket is counted as.
    Figures in "figures"
    key { ticket_id: Uuid }
    once {}
    value {
        tenant_id: Uuid,
        memory: Bytes,
    }
}

/// How many cells are written together: history spreads over many, and they are to be held in memory.
const AT_ONCE: usize = 8_000;

/// The figures.
pub(super) struct Stats;

#[async_trait]
impl Projection for Stats {
    fn name(&self) -> &'static str {
        "stats"
    }

    fn version(&self) -> i32 {
        1
    }

    fn sql(&self) -> Sql {
        sql!("stats_v1")
    }

    fn tables(&self) -> &'static [&'static str] {
        &["cells", "figures"]
    }

    fn views(&self) -> &'static [&'static str] {
        &["stats"]
    }

    fn concerns(&self, fact: &Fact<'_>) -> bool {
        matches!(&fact.content.event, Event::Ticket(event) if Ticket::concerns(event))
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<(), sqlx::Error> {
        let mut rows = Working::load(db, known_tickets(facts), |row: &Figures| row.ticket_id).await?;
        let mut tickets: BTreeMap<Uuid, Ticket> = BTreeMap::new();
        let mut cells = Cells::default();
        for fact in facts {
            let Some((id, event)) = fact.ticket() else { continue };
            if let TicketEvent::TicketOpened(event) = event {
                let ticket = Ticket::opened(event, fact);
                cells.moved(fact.tenant(), None, Some(&ticket));
                tickets.insert(id, ticket);
                continue;
            }
            let before = match (tickets.get(&id), rows.get(id)) {
                (Some(ticket), _) => ticket.clone(),
                (None, Some(row)) => Ticket::read(&row.memory)?,
                (None, None) => continue,
            };
            let mut after = before.clone();
            after.apply(event, fact.occurred_at());
            if after != before {
                cells.moved(fact.tenant(), Some(&before), Some(&after));
            }
            tickets.insert(id, after);
            if cells.len() >= AT_ONCE {
                std::mem::take(&mut cells).write(db).await?;
            }
        }
        let tenants: BTreeMap<Uuid, Uuid> =
            facts.iter().map(|fact| (fact.content.id, fact.tenant())).collect();
        for (id, ticket) in tickets {
            let memory = ticket.memory()?;
            if rows.get(id).is_none_or(|row| row.memory != memory) {
                let tenant_id = tenants.get(&id).copied().unwrap_or_default();
                rows.put(id, Figures { ticket_id: id, tenant_id, memory });
            }
        }
        rows.write(db).await?;
        cells.write(db).await
    }
}
