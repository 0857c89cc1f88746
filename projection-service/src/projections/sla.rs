//! How tickets stand with what was promised for them, what became of promises, and when something is to
//! be raised next.
//!
//! The fold is `domain::sla`'s. What it needs for the next event is kept with each ticket, compactly; the
//! columns beside it are what it comes to. Warned and overdue is what was raised as such, so the tables
//! follow from the log alone, whatever the time.

mod books;
mod desk;
mod hours;
mod outcome;
mod standing;

use async_trait::async_trait;
use domain::event::Event;
use domain::sla::clock::Moment;
use domain::sla::promises::Promises;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Projection, Sql, sql};
use crate::entry::Fact;
use crate::lane::Lane;
use books::Books;
use desk::Desk;

/// How many tickets are looked at together when a tenant's rules change.
const AT_ONCE: i64 = 5_000;

/// Standings, outcomes, and what is to be raised next.
pub(super) struct Sla;

#[async_trait]
impl Projection for Sla {
    fn name(&self) -> &'static str {
        "sla"
    }

    fn version(&self) -> i32 {
        2
    }

    fn sql(&self) -> Sql {
        sql!("sla_v2")
    }

    fn tables(&self) -> &'static [&'static str] {
        &["standings", "outcomes", "outcome_hours", "state_counts", "configurations"]
    }

    fn views(&self) -> &'static [&'static str] {
        &["sla", "sla_outcomes", "sla_outcome_hours", "sla_counts", "sla_timers"]
    }

    fn lane(&self) -> Lane {
        Lane::Interactive
    }

    fn concerns(&self, fact: &Fact<'_>) -> bool {
        match &fact.content.event {
            Event::Ticket(event) => Promises::concerns(event),
            Event::Tenant(_) | Event::Export(_) => false,
            Event::Sla(_) => true,
        }
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<(), sqlx::Error> {
        let mut books = Books::load(db, facts.iter().map(Fact::tenant).collect()).await?;
        for stretch in facts.chunk_by(|_, next| !matches!(next.content.event, Event::Sla(_))) {
            let (first, rest) = match stretch {
                [first, rest @ ..] if matches!(first.content.event, Event::Sla(_)) => (Some(first), rest),
                all => (None, all),
            };
            if let Some(fact) = first
                && books.take(db, fact).await?
            {
                settle(db, &mut books, fact).await?;
            }
            let mut desk = Desk::load(db, &mut books, rest).await?;
            for fact in rest {
                desk.take(fact, &books);
            }
            desk.write(db, &books).await?;
        }
        Ok(())
    }
}

/// Puts a tenant's tickets under the rules that hold now, a part of them at a time.
async fn settle(db: &mut PgConnection, books: &mut Books, fact: &Fact<'_>) -> Result<(), sqlx::Error> {
    let tenant = fact.tenant();
    let moment = moment(fact);
    let mut last = Uuid::nil();
    loop {
        let tickets = sqlx::query_scalar!(
            "SELECT ticket_id FROM standings WHERE tenant_id = $1 AND live AND ticket_id > $2 \
             ORDER BY ticket_id LIMIT $3",
            tenant,
            last,
            AT_ONCE,
        )
        .fetch_all(&mut *db)
        .await?;
        let Some(end) = tickets.last() else { return Ok(()) };
        last = *end;
        let mut desk = Desk::of(db, books, tickets).await?;
        desk.rules_changed(tenant, moment, books);
        desk.write(db, books).await?;
    }
}

fn moment(fact: &Fact<'_>) -> Moment {
    Moment { at: fact.occurred_at(), position: fact.entry.position() }
}
