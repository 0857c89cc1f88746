//! What each agent has on the desk.

use async_trait::async_trait;
use domain::tenant::StatusCategory;
use domain::ticket::event::{TicketEvent, TicketOpened};
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
    Loaded in "loaded"
    key { ticket_id: Uuid }
    once {}
    value {
        tenant_id: Uuid,
        agent: Option<String>,
        status_category: String,
        spam: bool,
        deleted: bool,
    }
}

/// What is counted of an agent's tickets, in the order of the table's columns.
const COLUMNS: [&str; 4] = ["assigned", "active", "open", "resolved"];

/// A count: tenant, agent, and one of [`COLUMNS`].
type Key = (Uuid, String, &'static str);

impl Counted for Loaded {
    type Key = Key;

    fn opened(id: Uuid, event: &TicketOpened, tenant: Uuid) -> Self {
        Self {
            ticket_id: id,
            tenant_id: tenant,
            agent: text(event.assignment.agent.as_ref()),
            status_category: event.status_category.as_str().to_owned(),
            ..Self::default()
        }
    }

    fn ticket(&self) -> Uuid {
        self.ticket_id
    }

    fn keys(&self) -> Vec<Key> {
        let Some(agent) = self.agent.as_ref().filter(|_| !self.spam && !self.deleted) else {
            return Vec::new();
        };
        let category = self.status_category.as_str();
        let is = |one: StatusCategory| category == one.as_str();
        let done =
            [StatusCategory::Resolved, StatusCategory::Closed, StatusCategory::Cancelled].into_iter().any(is);
        [
            Some("assigned"),
            (!done).then_some("active"),
            is(StatusCategory::Open).then_some("open"),
            is(StatusCategory::Resolved).then_some("resolved"),
        ]
        .into_iter()
        .flatten()
        .map(|column| (self.tenant_id, agent.clone(), column))
        .collect()
    }

    fn apply(&mut self, event: &TicketEvent) -> bool {
        match event {
            TicketEvent::TicketAssigned(event) => self.agent = text(event.to.agent.as_ref()),
            TicketEvent::TicketUnassigned(_) => self.agent = None,
            TicketEvent::StatusChanged(event) => self.status(event.to_category),
            TicketEvent::TicketResolved(event) => self.status(event.to_category),
            TicketEvent::TicketClosed(event) => self.status(event.to_category),
            TicketEvent::TicketReopened(event) => self.status(event.to_category),
            TicketEvent::TicketCancelled(event) => self.status(event.to_category),
            TicketEvent::TicketMarkedSpam(_) => self.spam = true,
            TicketEvent::TicketUnmarkedSpam(_) => self.spam = false,
            TicketEvent::TicketDeleted(_) => self.deleted = true,
            TicketEvent::TicketRestored(_) => self.deleted = false,
            _ => return false,
        }
        true
    }
}

impl Loaded {
    fn status(&mut self, category: StatusCategory) {
        category.as_str().clone_into(&mut self.status_category);
    }
}

/// The load of agents.
pub(super) struct AgentLoad;

#[async_trait]
impl Projection for AgentLoad {
    fn name(&self) -> &'static str {
        "agent_load"
    }

    fn version(&self) -> i32 {
        3
    }

    fn sql(&self) -> Sql {
        sql!("agent_load_v3")
    }

    fn tables(&self) -> &'static [&'static str] {
        &["load", "loaded"]
    }

    fn views(&self) -> &'static [&'static str] {
        &["agent_load"]
    }

    fn lane(&self) -> Lane {
        Lane::Interactive
    }

    fn concerns(&self, fact: &Fact<'_>) -> bool {
        tally::concerns(fact)
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<(), sqlx::Error> {
        let tally = tally::count::<Loaded>(db, facts).await?;
        add(db, tally).await
    }
}

/// Adds the differences, and takes away the agents who have nothing left.
async fn add(db: &mut PgConnection, tally: Tally<Key>) -> Result<(), sqlx::Error> {
    let (mut tenants, mut agents): (Vec<Uuid>, Vec<String>) = (Vec::new(), Vec::new());
    let mut differences: [Vec<i64>; COLUMNS.len()] = Default::default();
    for ((tenant, agent, column), difference) in tally.differences() {
        if tenants.last() != Some(&tenant) || agents.last() != Some(&agent) {
            tenants.push(tenant);
            agents.push(agent);
            for column in &mut differences {
                column.push(0);
            }
        }
        if let Some(index) = COLUMNS.iter().position(|each| *each == column)
            && let Some(last) = differences[index].last_mut()
        {
            *last = difference;
        }
    }
    if tenants.is_empty() {
        return Ok(());
    }
    let [assigned, active, open, resolved] = &differences;
    let left = sqlx::query_scalar!(
        "INSERT INTO load (tenant_id, agent, assigned, active, open, resolved) \
         SELECT v.* FROM unnest($1::uuid[], $2::text[], $3::int8[], $4::int8[], $5::int8[], $6::int8[]) AS v \
         ON CONFLICT (tenant_id, agent) DO UPDATE SET \
             assigned = load.assigned + EXCLUDED.assigned, active = load.active + EXCLUDED.active, \
             open = load.open + EXCLUDED.open, resolved = load.resolved + EXCLUDED.resolved \
         RETURNING assigned",
        &tenants,
        &agents,
        assigned,
        active,
        open,
        resolved,
    )
    .fetch_all(&mut *db)
    .await?;
    if left.contains(&0) {
        sqlx::query!("DELETE FROM load WHERE tenant_id = ANY($1) AND assigned = 0", &tenants)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}
