//! Tickets as lists show, filter and sort them, and the head of one ticket's page.

mod fold;

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Projection, Sql, sql};
use crate::entry::{Fact, known_tickets};
use crate::lane::Lane;
use crate::row::{Json, TextArray, Working, row};

row! {
    /// A ticket as it stands.
    Ticket in "tickets"
    key { id: Uuid }
    once {
        description: String,
    }
    value {
        tenant_id: Uuid,
        number: String,
        subject: String,
        status: String,
        status_category: String,
        priority: String,
        priority_rank: i32,
        category: Option<String>,
        request_type: Option<String>,
        source: String,
        agent: Option<String>,
        team: Option<String>,
        organization: Option<String>,
        assigned_organization: Option<String>,
        routed_organization: Option<String>,
        routing: String,
        requester_id: String,
        requester_name: Option<String>,
        requester_email: Option<String>,
        requester_organization: Option<String>,
        tags: TextArray,
        custom_fields: Json<BTreeMap<String, serde_json::Value>>,
        rating: Option<i16>,
        rating_comment: Option<String>,
        resolution_notes: Option<String>,
        reopen_count: i32,
        escalation_level: i32,
        escalated_to_role: Option<String>,
        escalated_to_agent: Option<String>,
        escalated_to_team: Option<String>,
        public_messages: i32,
        internal_messages: i32,
        created_at: DateTime<Utc>,
        updated_at: DateTime<Utc>,
        internal_updated_at: DateTime<Utc>,
        first_responded_at: Option<DateTime<Utc>>,
        resolved_at: Option<DateTime<Utc>>,
        closed_at: Option<DateTime<Utc>>,
        last_customer_message_at: Option<DateTime<Utc>>,
        last_agent_message_at: Option<DateTime<Utc>>,
        spam: bool,
        deleted: bool,
        version: i64,
        position: i64,
        public_version: i64,
        public_position: i64,
    }
}

/// The ticket list.
pub(super) struct TicketList;

#[async_trait]
impl Projection for TicketList {
    fn name(&self) -> &'static str {
        "ticket_list"
    }

    fn version(&self) -> i32 {
        3
    }

    fn sql(&self) -> Sql {
        sql!("ticket_list_v3")
    }

    fn tables(&self) -> &'static [&'static str] {
        &["tickets"]
    }

    fn views(&self) -> &'static [&'static str] {
        &["tickets"]
    }

    fn lane(&self) -> Lane {
        Lane::Interactive
    }

    fn concerns(&self, fact: &Fact<'_>) -> bool {
        fact.ticket().is_some()
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<(), sqlx::Error> {
        let mut tickets = Working::load(db, known_tickets(facts), |ticket: &Ticket| ticket.id).await?;
        for fact in facts {
            let Some((id, event)) = fact.ticket() else { continue };
            if let Some(opened) = fold::opened(id, event, fact) {
                tickets.put(id, opened);
            } else if let Some(ticket) = tickets.change(id) {
                fold::apply(ticket, event, fact);
            }
        }
        tickets.write(db).await
    }
}
