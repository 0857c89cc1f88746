//! Whose tickets are, as far as it decides who may know of them, as of the log's last word.
//!
//! The read model says how a ticket stood at a version; what came after is taken from the log. So
//! everybody is told the same at the same position, however far the read model is. The same goes for how many of a
//! ticket's events customers may know of.

use std::collections::HashMap;

use domain::event::{Event, TICKET};
use domain::identity::Principal;
use domain::ids::{OrganizationId, UserId};
use domain::ticket::event::{
    Assignment, Requester, Routing, TicketAssigned, TicketDeleted, TicketOpened, TicketRestored,
    TicketRouted, TicketUnassigned,
};
use domain::ticket::upcast::Upcasters;
use domain::ticket::{Ticket, TicketEvent};
use uuid::Uuid;

use crate::log::{self, Fact, Logged};
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

/// Some tickets, with what decides who may know of them and nothing else; and what counts some of their events.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    tickets: HashMap<String, Ticket>,
    counted: HashMap<String, Counted>,
}

/// How many of a ticket's events customers may know of: so many up to one, and which of those around it they may not.
#[derive(Debug, Default)]
struct Counted {
    version: i64,
    public: i64,
    /// Their places in the stream, in order.
    internal: Vec<i64>,
}

impl Counted {
    fn public_version(&self, sequence: i64) -> i64 {
        let (first, last) = (self.version.min(sequence), self.version.max(sequence));
        let upto = |end: i64| self.internal.partition_point(|internal| *internal <= end);
        let internal = (upto(last) - upto(first)) as i64;
        let between = last - first - internal;
        if sequence >= self.version { self.public + between } else { self.public - between }
    }
}

/// Where some events of a ticket are.
#[derive(Clone, Copy)]
struct Stretch {
    first: i64,
    last: i64,
}

impl Stretch {
    /// What is to be looked at to count from a version of the ticket: after this event, up to that.
    fn from(self, version: i64) -> (i64, i64) {
        (version.min(self.first), version.max(self.last))
    }
}

impl Tickets {
    /// The tickets that these events are about, as of the snapshot, with what counts the events.
    pub(crate) async fn of(
        snapshot: &mut Snapshot,
        upcasters: &Upcasters,
        facts: &[Fact],
    ) -> Result<Self, sqlx::Error> {
        let stretches = stretches(facts);
        let ids: Vec<String> = stretches.keys().cloned().collect();
        let (tickets, versions) = read(snapshot, upcasters, ids).await?;
        let counted = counted(snapshot, &stretches, &versions).await?;
        Ok(Self { tickets, counted })
    }

    /// These tickets as of the snapshot.
    pub(crate) async fn read(
        snapshot: &mut Snapshot,
        upcasters: &Upcasters,
        ids: Vec<String>,
    ) -> Result<Self, sqlx::Error> {
        let (tickets, _) = read(snapshot, upcasters, ids).await?;
        Ok(Self { tickets, counted: HashMap::new() })
    }

    /// The place of an event among those of its ticket that customers may know of.
    pub(crate) fn public_version(&self, event: &Logged) -> Option<i64> {
        self.counted.get(&event.aggregate_id).map(|counted| counted.public_version(event.sequence))
    }

    /// Whether somebody may know of a ticket.
    pub(crate) fn visible(&self, id: &str, caller: &Principal) -> bool {
        self.tickets.get(id).is_some_and(|ticket| ticket.exists() && ticket.visible_to(caller))
    }
}

/// Tickets by their ids.
type Known = HashMap<String, Ticket>;
/// The versions that the read model has of them: with and without what is internal.
type Versions = HashMap<String, (i64, i64)>;

async fn read(
    snapshot: &mut Snapshot,
    upcasters: &Upcasters,
    ids: Vec<String>,
) -> Result<(Known, Versions), sqlx::Error> {
    let uuids: Vec<Uuid> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let rows = sqlx::query!(
            r#"SELECT id AS "id!", version AS "version!", public_version AS "public_version!", requester_id AS "requester_id!", assigned_organization,
                      routing AS "routing!", routed_organization, deleted AS "deleted!"
               FROM read.tickets WHERE id = ANY($1)"#,
            &uuids,
        )
        .fetch_all(&mut *snapshot.tx)
        .await?;
    let mut tickets: Known = HashMap::with_capacity(ids.len());
    let mut versions: Versions = HashMap::with_capacity(rows.len());
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
        versions.insert(row.id.to_string(), (row.version, row.public_version));
        tickets.insert(row.id.to_string(), ticket);
    }
    let from: Vec<i64> = ids.iter().map(|id| versions.get(id).map_or(0, |(version, _)| *version)).collect();
    for logged in log::decisive(snapshot, &ids, &from, DECISIVE).await? {
        let id = logged.aggregate_id.clone();
        if let Some(Event::Ticket(event)) = logged.read(upcasters).event {
            decide(tickets.entry(id).or_default(), event);
        }
    }
    Ok((tickets, versions))
}

/// The stretches of the tickets' streams that these events lie in.
fn stretches(facts: &[Fact]) -> HashMap<String, Stretch> {
    let mut stretches: HashMap<String, Stretch> = HashMap::new();
    for Logged { aggregate_id, sequence, .. } in
        facts.iter().map(|fact| &fact.logged).filter(|logged| logged.aggregate_type == TICKET)
    {
        let (first, last) = (*sequence, *sequence);
        let stretch = stretches.entry(aggregate_id.clone()).or_insert(Stretch { first, last });
        *stretch = Stretch { first: stretch.first.min(first), last: stretch.last.max(last) };
    }
    stretches
}

/// Counts from the beginning of each stream or from what the read model has counted, whichever is nearer.
async fn counted(
    snapshot: &mut Snapshot,
    stretches: &HashMap<String, Stretch>,
    versions: &Versions,
) -> Result<HashMap<String, Counted>, sqlx::Error> {
    let mut counted: HashMap<String, Counted> = HashMap::with_capacity(stretches.len());
    let (mut ids, mut after, mut upto) = (Vec::new(), Vec::new(), Vec::new());
    for (id, stretch) in stretches {
        let known = versions.get(id).copied().unwrap_or_default();
        let length = |(version, _): &(i64, i64)| {
            let (after, upto) = stretch.from(*version);
            upto - after
        };
        let (version, public) = [known, (0, 0)].into_iter().min_by_key(length).unwrap_or_default();
        let (from, to) = stretch.from(version);
        ids.push(id.clone());
        after.push(from);
        upto.push(to);
        counted.insert(id.clone(), Counted { version, public, internal: Vec::new() });
    }
    for (id, sequence) in log::internal(snapshot, &ids, &after, &upto).await? {
        if let Some(counted) = counted.get_mut(&id) {
            counted.internal.push(sequence);
        }
    }
    Ok(counted)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_counted_from_anywhere() {
        // Events 2, 4 and 5 of 6 are internal.
        let public = [1, 1, 2, 2, 2, 3];
        for (version, so_far) in [(0, 0), (3, 2), (6, 3)] {
            let counted = Counted { version, public: so_far, internal: vec![2, 4, 5] };
            let versions: Vec<_> = (1..=6).map(|sequence| counted.public_version(sequence)).collect();
            assert_eq!(versions, public, "from {version}");
        }
    }
}
