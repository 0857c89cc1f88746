//! Figures, kept by differences: what a ticket is counted as before and after each event.
//!
//! The fold is `domain::stats`'. A ticket counts under what it is now: one that changes its category or its
//! agent, is marked as spam or put away, takes all of its figures along. So they never drift, and a rebuild
//! gives the same.

mod days;
mod desk;
mod hours;
mod offices;

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::event::Event;
use domain::stats::{Change, Ticket};
use sqlx::PgConnection;

use super::{Projection, Sql, sql};
use crate::entry::Fact;
use crate::lane::Lane;
use desk::Desk;
use offices::Offices;

/// The figures.
pub(super) struct Stats;

#[async_trait]
impl Projection for Stats {
    fn name(&self) -> &'static str {
        "stats"
    }

    fn version(&self) -> i32 {
        3
    }

    fn sql(&self) -> Sql {
        sql!("stats_v3")
    }

    fn tables(&self) -> &'static [&'static str] {
        &["measured", "facts", "days", "hours", "offices"]
    }

    fn views(&self) -> &'static [&'static str] {
        &["stats_days", "stats_facts", "stats_hours", "stats_offices"]
    }

    fn lane(&self) -> Lane {
        Lane::Analytics
    }

    fn concerns(&self, fact: &Fact<'_>) -> bool {
        match &fact.content.event {
            Event::Ticket(event) => Ticket::concerns(event),
            Event::Tenant(_) | Event::Sla(_) => true,
            Event::Export(_) => false,
        }
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<(), sqlx::Error> {
        let tenants: BTreeSet<_> = facts.iter().map(Fact::tenant).collect();
        let mut offices = Offices::load(db, tenants.into_iter().collect()).await?;
        let is_ticket = |fact: &Fact<'_>| fact.ticket().is_some();
        for stretch in facts.chunk_by(|one, next| is_ticket(one) == is_ticket(next)) {
            if stretch.first().is_some_and(is_ticket) {
                let mut desk = Desk::load(db, stretch).await?;
                for fact in stretch {
                    desk.take(fact, &offices)?;
                }
                desk.write(db, &offices).await?;
            } else {
                for fact in stretch {
                    if offices.take(fact) == Some(Change::Days) {
                        days::anew(db, fact.tenant(), offices.of(fact.tenant())).await?;
                    }
                }
            }
            for fact in stretch {
                offices.reached(fact);
            }
        }
        offices.write(db).await
    }
}
