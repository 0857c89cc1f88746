//! The tickets of a batch, in memory: loaded set-wise, folded, written set-wise.

use std::collections::{BTreeMap, HashMap};

use domain::event::Event;
use domain::sla::clock::Moment;
use domain::sla::promises::Promises;
use domain::ticket::TicketEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use super::books::Books;
use super::moment;
use super::outcome::Outcomes;
use super::standing::{Asleep, Standing, Ticket};
use crate::entry::{Fact, known_tickets};
use crate::projections::tally::Tally;
use crate::row::{self, Row};

#[derive(Default)]
pub(super) struct Desk {
    tickets: BTreeMap<Uuid, Ticket>,
    /// The rows as they were.
    stored: HashMap<Uuid, Standing>,
    outcomes: Outcomes,
}

impl Desk {
    /// The tickets that these facts are about.
    pub(super) async fn load(
        db: &mut PgConnection,
        books: &mut Books,
        facts: &[Fact<'_>],
    ) -> Result<Self, sqlx::Error> {
        Self::of(db, books, known_tickets(facts)).await
    }

    /// These tickets, as far as there are any.
    pub(super) async fn of(
        db: &mut PgConnection,
        books: &mut Books,
        mut tickets: Vec<Uuid>,
    ) -> Result<Self, sqlx::Error> {
        let mut desk = Self::default();
        if tickets.is_empty() {
            return Ok(desk);
        }
        tickets.sort_unstable();
        tickets.dedup();
        let mut asleep = Vec::new();
        for row in sqlx::query(&Standing::statements().load).bind(&tickets).fetch_all(&mut *db).await? {
            let row = Standing::load(&row)?;
            asleep.push((row.ticket_id, Asleep::read(&row)?));
            desk.stored.insert(row.ticket_id, row);
        }
        books.fetch(db, asleep.iter().flat_map(|(_, ticket)| ticket.versions()).collect()).await?;
        desk.tickets = asleep.into_iter().map(|(id, ticket)| (id, ticket.wake(books))).collect();
        Ok(desk)
    }

    /// Takes in what happened to a ticket.
    pub(super) fn take(&mut self, fact: &Fact<'_>, books: &Books) {
        let Event::Ticket(event) = &fact.content.event else { return };
        let id = fact.content.id;
        if let TicketEvent::TicketOpened(opened) = event {
            let ticket = Ticket { tenant: fact.tenant(), promises: Promises::opened(opened) };
            self.tickets.insert(id, ticket);
        }
        let Some(ticket) = self.tickets.get_mut(&id) else { return };
        let imported = fact.content.metadata.import.is_some();
        ticket.promises.follow(event, moment(fact), imported, books.rules(ticket.tenant));
        self.outcomes.decide(id, ticket);
    }

    /// The tenant has other rules.
    pub(super) fn rules_changed(&mut self, tenant: Uuid, moment: Moment, books: &Books) {
        for (id, ticket) in &mut self.tickets {
            ticket.promises.watch.follow_rules(moment, books.rules(tenant));
            self.outcomes.decide(*id, ticket);
        }
    }

    /// Writes what has changed.
    pub(super) async fn write(mut self, db: &mut PgConnection, books: &Books) -> Result<(), sqlx::Error> {
        let mut tally = Tally::default();
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for (id, ticket) in &self.tickets {
            let row = ticket.row(*id, books.rules(ticket.tenant))?;
            let key = |row: &Standing| row.state.clone().map(|state| (row.tenant_id, state));
            match self.stored.remove(id) {
                None => {
                    tally.moved(None, key(&row));
                    new.push(row);
                }
                Some(before) if before != row => {
                    tally.moved(key(&before), key(&row));
                    changed.push(row);
                }
                Some(_) => {}
            }
        }
        row::insert(db, new.iter()).await?;
        row::update(db, &changed.iter().collect::<Vec<_>>()).await?;
        self.outcomes.write(db).await?;
        count(db, tally).await
    }
}

/// Adds the differences, and takes away the counts that came to none.
async fn count(db: &mut PgConnection, tally: Tally<(Uuid, String)>) -> Result<(), sqlx::Error> {
    let (mut tenants, mut states, mut differences) = (Vec::new(), Vec::new(), Vec::new());
    for ((tenant, state), difference) in tally.differences() {
        tenants.push(tenant);
        states.push(state);
        differences.push(difference);
    }
    if tenants.is_empty() {
        return Ok(());
    }
    let counts = sqlx::query_scalar!(
        "INSERT INTO state_counts (tenant_id, state, count) \
         SELECT v.tenant_id, v.state, v.count \
         FROM unnest($1::uuid[], $2::text[], $3::int8[]) AS v (tenant_id, state, count) \
         ON CONFLICT (tenant_id, state) DO UPDATE SET count = state_counts.count + EXCLUDED.count \
         RETURNING count",
        &tenants,
        &states,
        &differences,
    )
    .fetch_all(&mut *db)
    .await?;
    if counts.contains(&0) {
        sqlx::query!("DELETE FROM state_counts WHERE tenant_id = ANY($1) AND count = 0", &tenants)
            .execute(db)
            .await?;
    }
    Ok(())
}
