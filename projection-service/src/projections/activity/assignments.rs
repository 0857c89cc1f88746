//! Who had a ticket, from when until when.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::personal::Personal;
use domain::ticket::event::{Assignment, TicketEvent};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::entry::Fact;
use crate::projections::words::text;
use crate::row::{self, row};

row! {
    /// One assignment.
    Held in "assignments"
    key { ticket_id: Uuid, position: i64 }
    once {
        tenant_id: Uuid,
        agent: Option<String>,
        team: Option<String>,
        organization: Option<String>,
        assigned_from: DateTime<Utc>,
        assigned_by: String,
        assigned_by_kind: String,
        assigned_by_name: Option<String>,
        reason: Option<String>,
    }
    value {
        assigned_until: Option<DateTime<Utc>>,
    }
}

pub(super) async fn apply(db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<(), sqlx::Error> {
    let (ended, held) = fold(facts);
    end(db, &ended).await?;
    row::insert(db, held.iter()).await
}

/// When the assignment that each ticket had before these facts ended, and the new ones.
fn fold(facts: &[Fact<'_>]) -> (BTreeMap<Uuid, DateTime<Utc>>, Vec<Held>) {
    let mut ended = BTreeMap::new();
    let mut held: Vec<Held> = Vec::new();
    let mut last: BTreeMap<Uuid, usize> = BTreeMap::new();
    for fact in facts {
        let Some((ticket, event)) = fact.ticket() else { continue };
        let nobody = Assignment::default();
        let (to, reason) = match event {
            TicketEvent::TicketOpened(event) if !event.assignment.is_empty() => (&event.assignment, &None),
            TicketEvent::TicketAssigned(event) => (&event.to, &event.reason),
            TicketEvent::TicketUnassigned(event) => (&nobody, &event.reason),
            _ => continue,
        };
        match last.remove(&ticket) {
            Some(before) => held[before].assigned_until = Some(fact.occurred_at()),
            // The first that a batch knows of; later ones end what began within the batch, or nothing.
            None => drop(ended.entry(ticket).or_insert(fact.occurred_at())),
        }
        if !to.is_empty() {
            last.insert(ticket, held.len());
            held.push(row(ticket, to, reason.as_ref(), fact));
        }
    }
    (ended, held)
}

fn row(ticket: Uuid, to: &Assignment, reason: Option<&String>, fact: &Fact<'_>) -> Held {
    let actor = fact.actor();
    Held {
        ticket_id: ticket,
        position: fact.position(),
        tenant_id: fact.tenant(),
        agent: text(to.agent.as_ref()),
        team: text(to.team.as_ref()),
        organization: text(to.organization.as_ref()),
        assigned_from: fact.occurred_at(),
        assigned_until: None,
        assigned_by: actor.id.to_string(),
        assigned_by_kind: actor.kind.as_str().to_owned(),
        assigned_by_name: actor.name.clone().map(Personal::into_inner),
        reason: reason.cloned(),
    }
}

/// Ends the assignments that hold, as far as there are any. They are looked up first and written by
/// their key: joined with the batch in one statement, Postgres may compare everything with everything.
async fn end(db: &mut PgConnection, ended: &BTreeMap<Uuid, DateTime<Utc>>) -> Result<(), sqlx::Error> {
    if ended.is_empty() {
        return Ok(());
    }
    let tickets: Vec<Uuid> = ended.keys().copied().collect();
    let holding = sqlx::query!(
        "SELECT ticket_id, position FROM assignments \
         WHERE ticket_id = ANY($1) AND assigned_until IS NULL ORDER BY ticket_id",
        &tickets,
    )
    .fetch_all(&mut *db)
    .await?;
    let rows: Vec<Held> = holding
        .into_iter()
        .map(|held| Held {
            ticket_id: held.ticket_id,
            position: held.position,
            assigned_until: ended.get(&held.ticket_id).copied(),
            ..Held::default()
        })
        .collect();
    row::update(db, &rows.iter().collect::<Vec<_>>()).await
}
