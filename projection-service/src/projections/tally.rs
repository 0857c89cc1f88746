//! What counting projections have in common: before and after each fact a ticket is counted as
//! something; the differences, summed over a batch, are what is written.

use std::collections::BTreeMap;

use domain::ticket::event::{TicketEvent, TicketOpened};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::entry::{Fact, known_tickets};
use crate::row::{Row, Working};

/// What a ticket is counted as.
pub(super) trait Counted: Row + Clone {
    /// One of the counts that it can be in.
    type Key: Ord;

    /// A ticket that was just opened.
    fn opened(id: Uuid, event: &TicketOpened, tenant: Uuid) -> Self;
    /// Changes what the event changes; says whether that was anything.
    fn apply(&mut self, event: &TicketEvent) -> bool;
    /// The counts that it is in.
    fn keys(&self) -> Vec<Self::Key>;
    /// The ticket.
    fn ticket(&self) -> Uuid;
}

/// Whether an event can change what any ticket is counted as.
pub(super) fn concerns(fact: &Fact<'_>) -> bool {
    fact.ticket().is_some_and(|(_, event)| {
        matches!(
            event,
            TicketEvent::TicketOpened(_)
                | TicketEvent::TicketAssigned(_)
                | TicketEvent::TicketUnassigned(_)
                | TicketEvent::StatusChanged(_)
                | TicketEvent::TicketResolved(_)
                | TicketEvent::TicketClosed(_)
                | TicketEvent::TicketReopened(_)
                | TicketEvent::TicketCancelled(_)
                | TicketEvent::PriorityChanged(_)
                | TicketEvent::CategoryChanged(_)
                | TicketEvent::TicketRouted(_)
                | TicketEvent::TicketMarkedSpam(_)
                | TicketEvent::TicketUnmarkedSpam(_)
                | TicketEvent::TicketDeleted(_)
                | TicketEvent::TicketRestored(_)
        )
    })
}

/// Writes what each ticket is counted as after the facts; gives what that changes in the counts.
pub(super) async fn count<C: Counted>(
    db: &mut PgConnection,
    facts: &[Fact<'_>],
) -> Result<Tally<C::Key>, sqlx::Error> {
    let mut tickets = Working::load(db, known_tickets(facts), C::ticket).await?;
    let mut tally = Tally::default();
    for fact in facts {
        let Some((id, event)) = fact.ticket() else { continue };
        if let TicketEvent::TicketOpened(event) = event {
            let ticket = C::opened(id, event, fact.tenant());
            tally.moved(None, ticket.keys());
            tickets.put(id, ticket);
        } else if let Some(ticket) = tickets.get(id) {
            let mut changed = ticket.clone();
            if changed.apply(event) {
                tally.moved(ticket.keys(), changed.keys());
                tickets.put(id, changed);
            }
        }
    }
    tickets.write(db).await?;
    Ok(tally)
}

/// Differences by key, in the order of keys.
#[derive(Debug)]
pub(super) struct Tally<K>(BTreeMap<K, i64>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Tally<K> {
    /// What was counted as `before` is counted as `after`.
    pub(super) fn moved(&mut self, before: impl IntoIterator<Item = K>, after: impl IntoIterator<Item = K>) {
        for key in before {
            *self.0.entry(key).or_default() -= 1;
        }
        for key in after {
            *self.0.entry(key).or_default() += 1;
        }
    }

    /// The differences that aren't none.
    pub(super) fn differences(self) -> impl Iterator<Item = (K, i64)> {
        self.0.into_iter().filter(|(_, difference)| *difference != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_back_makes_no_difference() {
        let mut tally = Tally::default();
        tally.moved(None, ["new"]);
        tally.moved(["new"], ["open"]);
        tally.moved(["a"], ["b"]);
        tally.moved(["b"], ["a"]);
        assert_eq!(tally.differences().collect::<Vec<_>>(), [("open", 1)]);
    }
}
