//! Whose tickets are, as far as it decides who may know of them, as of the log's last word.
//!
//! The read model says how a ticket stood at a version; what came after is taken from the log. So
//! everybody is told the same at the same position, however far the read model is.

use std::collections::HashMap;

use domain::event::Event;
use domain::identity::Principal;
use domain::ids::{OrganizationId, UserId};
use domain::ticket::event::{
    Assignment, Requester, Routing, TicketAssigned, TicketDeleted, TicketOpened, TicketRestored,
    TicketRouted, TicketUnassigned,
};
use domain::ticket::upcast::Upcasters;
use domain::ticket::{Ticket, TicketEvent};
use uuid::Uuid;

use crate::log;
use crate::snapshot::Snapshot;

/// What changes who may know of a ticket.
const DECISIVE: &[&str] = &[
    TicketOpened::NAME,
    TicketAssigned::NAME,
    TicketUnassigned::NAME,
    TicketRouted::NAME,
    TicketDeleted::NAME,
    TicketRestored::NAME,
];

/// Some tickets, with what decides who may know of them and nothing else.
#[derive(Debug, Default)]
pub(crate) struct Tickets(HashMap<String, Ticket>);

impl Tickets {
    /// These tickets as of the snapshot.
    pub(crate) async fn read(
        snapshot: &mut Snapshot,
        upcasters: &Upcasters,
        ids: Vec<String>,
    ) -> Result<Self, sqlx::Error> {
        let uuids: Vec<Uuid> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let rows = sqlx::query!(
            r#"SELECT id AS "id!", version AS "version!", requester_id AS "requester_id!", assigned_organization,
                      routing AS "routing!", routed_organization, deleted AS "deleted!"
               FROM read.tickets WHERE id = ANY($1)"#,
            &uuids,
        )
        .fetch_all(&mut *snapshot.tx)
        .await?;
        let mut tickets: HashMap<String, Ticket> = HashMap::with_capacity(ids.len());
        let mut versions: HashMap<String, i64> = HashMap::with_capacity(rows.len());
        for row in rows {
            // What can't be read leaves the ticket to the log alone.
            let Ok(requester) = UserId::new(row.requester_id) else { continue };
            let organization = |name: Option<String>| name.and_then(|name| OrganizationId::new(name).ok());
            let ticket = Ticket {
                requester: Some(Requester { id: requester, name: None, email: None }),
                assignment: Assignment {
                    organization: organization(row.assigned_organization),
                    ..Assignment::default()
                },
                routing: routing(&row.routing),
                routed_to: organization(row.routed_organization),
                deleted: row.deleted,
                ..Ticket::default()
            };
            versions.insert(row.id.to_string(), row.version);
            tickets.insert(row.id.to_string(), ticket);
        }
        let from: Vec<i64> = ids.iter().map(|id| versions.get(id).copied().unwrap_or(0)).collect();
        for logged in log::decisive(snapshot, &ids, &from, DECISIVE).await? {
            let id = logged.aggregate_id.clone();
            if let Some(Event::Ticket(event)) = logged.read(upcasters).event {
                decide(tickets.entry(id).or_default(), event);
            }
        }
        Ok(Self(tickets))
    }

    /// Whether somebody may know of a ticket.
    pub(crate) fn visible(&self, id: &str, caller: &Principal) -> bool {
        self.0.get(id).is_some_and(|ticket| ticket.exists() && ticket.visible_to(caller))
    }
}

/// Takes in what decides, without the texts that come with it.
fn decide(ticket: &mut Ticket, event: TicketEvent) {
    match event {
        TicketEvent::TicketOpened(event) => {
            ticket.requester = Some(event.requester);
            ticket.assignment = event.assignment;
        }
        other => {
            ticket.apply(other);
            ticket.assignments.clear();
        }
    }
}

fn routing(name: &str) -> Routing {
    match name {
        "organization" => Routing::Organization,
        "hybrid" => Routing::Hybrid,
        _ => Routing::Internal,
    }
}
