//! What became of messages' texts since: taken out of sight, or replaced by an edit.

use std::collections::{HashMap, HashSet};

use domain::disclosure::{Disclosure, may_read};
use domain::event::Event;
use domain::identity::Principal;
use domain::ticket::TicketEvent;
use domain::ticket::event::MessageEdited;
use domain::ticket::upcast::Upcasters;
use uuid::Uuid;

use super::message_of;
use crate::error::QueryError;
use crate::log::{self, Fact};
use crate::snapshot::Snapshot;

/// The texts that an edit replaces.
const REPLACED: &[&str] = &["body", "html"];

/// The messages whose text was redacted, and those that were edited.
#[derive(Clone, Debug, Default)]
pub(crate) struct Withdrawn {
    redacted: HashSet<Uuid>,
    /// The position of a message's last edit.
    edited: HashMap<Uuid, i64>,
}

impl Withdrawn {
    /// Of the tickets that these events are about. The log says so, not the read model, which may be behind: what
    /// was taken out of sight is never shown again.
    pub(crate) async fn read(
        snapshot: &mut Snapshot,
        upcasters: &Upcasters,
        facts: &[Fact],
    ) -> Result<Self, QueryError> {
        let with_texts = facts.iter().filter(|fact| fact.ticket().and_then(message_of).is_some());
        let tickets: HashSet<String> = with_texts.map(|fact| fact.logged.aggregate_id.clone()).collect();
        if tickets.is_empty() {
            return Ok(Self::default());
        }
        let changes = log::changes_of_texts(snapshot, tickets.into_iter().collect()).await?;
        let changes: Vec<Fact> = changes.into_iter().map(|one| one.read(upcasters)).collect();
        let mut withdrawn = Self::default();
        for fact in &changes {
            withdrawn.note(fact);
        }
        Ok(withdrawn)
    }

    /// Takes note of an event, if it changes a text.
    pub(crate) fn note(&mut self, fact: &Fact) {
        match &fact.event {
            Some(Event::Ticket(TicketEvent::MessageRedacted(event))) => {
                self.redacted.insert(event.message_id.0);
            }
            Some(Event::Ticket(TicketEvent::MessageEdited(event))) => {
                self.edit(event.message_id.0, fact.logged.position);
            }
            _ => {}
        }
    }

    fn edit(&mut self, message: Uuid, position: i64) {
        let last = self.edited.entry(message).or_insert(position);
        *last = position.max(*last);
    }

    /// Takes over what another one knows.
    pub(crate) fn extend(&mut self, other: Self) {
        self.redacted.extend(other.redacted);
        for (message, position) in other.edited {
            self.edit(message, position);
        }
    }

    /// Whether nothing changed a text.
    pub(crate) fn is_empty(&self) -> bool {
        self.redacted.is_empty() && self.edited.is_empty()
    }

    /// The fields of an event that somebody may not read any more: all its texts once they are redacted, and those
    /// that a later edit replaced where the text before an edit is kept from them.
    pub(super) fn hides(
        &self,
        fact: &Fact,
        row: Option<&'static Disclosure>,
        caller: &Principal,
    ) -> &'static [&'static str] {
        let Some(message) = fact.ticket().and_then(message_of) else { return &[] };
        if self.redacted.contains(&message) {
            return row.map_or(&[][..], |row| row.texts);
        }
        let is_replaced = self.edited.get(&message).is_some_and(|edit| *edit > fact.logged.position);
        let author = fact.metadata.actor.id.as_str();
        if is_replaced && !may_read(caller, author, MessageEdited::NAME, "former_body") {
            REPLACED
        } else {
            &[]
        }
    }
}

#[cfg(test)]
impl Withdrawn {
    /// This message was redacted.
    pub(crate) fn redacted(message: Uuid) -> Self {
        Self { redacted: HashSet::from([message]), ..Self::default() }
    }
}
