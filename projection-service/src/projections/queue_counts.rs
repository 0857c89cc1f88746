//! How many tickets each queue has: exact, kept by differences.

use async_trait::async_trait;
use domain::tenant::StatusCategory;
use domain::ticket::event::{Assignment, TicketEvent, TicketOpened};
use sqlx::PgConnection;
use uuid::Uuid;

use super::tally::{self, Counted, Tally};
use super::words::text;
use super::{Projection, Sql, sql};
use crate::entry::Fact;
use crate::lane::Lane;
use crate::row::row;

row! {
    /// What a ticket is counted as.
    Standing in "counted"
    key { ticket_id: Uuid }
    once {}
    value {
        tenant_id: Uuid,
        status: String,
        status_category: String,
        priority: String,
        category: Option<String>,
        source: String,
        agent: Option<String>,
        team: Option<String>,
        assigned_organization: Option<String>,
        routed_organization: Option<String>,
        spam: bool,
        deleted: bool,
    }
}

/// A count: tenant, dimension, key, and whether of tickets that somebody has to work on.
type Key = (Uuid, &'static str, String, bool);

impl Counted for Standing {
    type Key = Key;

    fn opened(id: Uuid, event: &TicketOpened, tenant: Uuid) -> Self {
        let mut standing = Self {
            ticket_id: id,
            tenant_id: tenant,
            status: event.status.clone(),
            status_category: event.status_category.as_str().to_owned(),
            priority: event.priority.clone(),
            category: event.category.clone(),
            source: event.source.as_str().to_owned(),
            ..Self::default()
        };
        standing.assign(&event.assignment);
        standing
    }

    fn ticket(&self) -> Uuid {
        self.ticket_id
    }

    fn keys(&self) -> Vec<Key> {
        if self.spam || self.deleted {
            return Vec::new();
        }
        let open = !matches!(self.status_category.as_str(), "resolved" | "closed" | "cancelled");
        let organization = self.assigned_organization.as_ref().or(self.routed_organization.as_ref());
        let or_none = |value: Option<&String>| value.cloned().unwrap_or_default();
        [
            ("total", String::new()),
            ("status", self.status.clone()),
            ("status_category", self.status_category.clone()),
            ("priority", self.priority.clone()),
            ("category", or_none(self.category.as_ref())),
            ("source", self.source.clone()),
            ("agent", or_none(self.agent.as_ref())),
            ("team", or_none(self.team.as_ref())),
            ("organization", or_none(organization)),
        ]
        .into_iter()
        .map(|(dimension, key)| (self.tenant_id, dimension, key, open))
        .collect()
    }

    fn apply(&mut self, event: &TicketEvent) -> bool {
        match event {
            TicketEvent::TicketAssigned(event) => self.assign(&event.to),
            TicketEvent::TicketUnassigned(_) => self.assign(&Assignment::default()),
            TicketEvent::StatusChanged(event) => self.status(&event.to, event.to_category),
            TicketEvent::TicketResolved(event) => self.status(&event.to, event.to_category),
            TicketEvent::TicketClosed(event) => self.status(&event.to, event.to_category),
            TicketEvent::TicketReopened(event) => self.status(&event.to, event.to_category),
            TicketEvent::TicketCancelled(event) => self.status(&event.to, event.to_category),
            TicketEvent::PriorityChanged(event) => self.priority.clone_from(&event.to),
            TicketEvent::CategoryChanged(event) => self.category.clone_from(&event.to),
            TicketEvent::TicketRouted(event) => {
                self.routed_organization = text(event.to_organization.as_ref());
            }
            TicketEvent::TicketMarkedSpam(_) => self.spam = true,
            TicketEvent::TicketUnmarkedSpam(_) => self.spam = false,
            TicketEvent::TicketDeleted(_) => self.deleted = true,
            TicketEvent::TicketRestored(_) => self.deleted = false,
            _ => return false,
        }
        true
    }
}

impl Standing {
    fn assign(&mut self, to: &Assignment) {
        self.agent = text(to.agent.as_ref());
        self.team = text(to.team.as_ref());
        self.assigned_organization = text(to.organization.as_ref());
    }

    fn status(&mut self, to: &str, category: StatusCategory) {
        to.clone_into(&mut self.status);
        category.as_str().clone_into(&mut self.status_category);
    }
}

/// The counts of queues.
pub(super) struct QueueCounts;

#[async_trait]
impl Projection for QueueCounts {
    fn name(&self) -> &'static str {
        "queue_counts"
    }

    fn version(&self) -> i32 {
        1
    }

    fn sql(&self) -> Sql {
        sql!("queue_counts_v1")
    }

    fn tables(&self) -> &'static [&'static str] {
        &["counts", "counted"]
    }

    fn views(&self) -> &'static [&'static str] {
        &["queue_counts"]
    }

    fn lane(&self) -> Lane {
        Lane::Interactive
    }

    fn concerns(&self, fact: &Fact<'_>) -> bool {
        tally::concerns(fact)
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<(), sqlx::Error> {
        let tally = tally::count::<Standing>(db, facts).await?;
        add(db, tally).await
    }
}

/// Adds the differences, and takes away the counts that came to none.
async fn add(db: &mut PgConnection, tally: Tally<Key>) -> Result<(), sqlx::Error> {
    let (mut tenants, mut dimensions, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    let (mut opens, mut differences) = (Vec::new(), Vec::new());
    for ((tenant, dimension, key, open), difference) in tally.differences() {
        tenants.push(tenant);
        dimensions.push(dimension);
        keys.push(key);
        opens.push(open);
        differences.push(difference);
    }
    if tenants.is_empty() {
        return Ok(());
    }
    let counts = sqlx::query_scalar!(
        "INSERT INTO counts (tenant_id, dimension, key, open, count) \
         SELECT v.tenant_id, v.dimension, v.key, v.open, v.count \
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bool[], $5::int8[]) \
              AS v (tenant_id, dimension, key, open, count) \
         ON CONFLICT (tenant_id, dimension, key, open) DO UPDATE SET count = counts.count + EXCLUDED.count \
         RETURNING count",
        &tenants,
        dimensions as _,
        &keys,
        &opens,
        &differences,
    )
    .fetch_all(&mut *db)
    .await?;
    if counts.contains(&0) {
        sqlx::query!("DELETE FROM counts WHERE tenant_id = ANY($1) AND count = 0", &tenants)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}
