//! A ticket's history from elsewhere, in Docket's events.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::ids::{EventId, NAMESPACE, TenantId, TicketId, UserId};
use domain::metadata::{Actor, ActorKind, Metadata};
use domain::tenant::TenantSettings;
use domain::ticket::import::{Opening, Snapshot, changes};
use domain::ticket::{Ticket, TicketError, TicketEvent};
use event_store::NewEvent;
use event_store::StoredEvent;
use uuid::Uuid;

/// One update of a ticket, elsewhere.
#[derive(Debug)]
pub(crate) struct Update {
    /// Which row of the ticket, from 1.
    pub(crate) row: usize,
    /// Who made it.
    pub(crate) by: UserId,
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// What the ticket was after it.
    pub(crate) state: Snapshot,
}

/// A ticket's whole history, elsewhere. Its first row is the opening.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) opening: Opening,
    pub(crate) opened_by: UserId,
    pub(crate) opened_at: DateTime<Utc>,
    pub(crate) updates: Vec<Update>,
}

/// What is to be in the log of a ticket.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) id: TicketId,
    pub(crate) number: String,
    pub(crate) events: Vec<NewEvent>,
}

/// Why a history can't be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    #[error(transparent)]
    Refused(#[from] TicketError),
    #[error("an event cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// Tells the history in events. Ids follow from tenant, source and number, so the same history
/// always gives the same plan.
pub(crate) fn plan(
    source: &str,
    tenant: TenantId,
    settings: &TenantSettings,
    history: History,
) -> Result<Plan, PlanError> {
    let number = history.opening.number.clone();
    let id = Uuid::new_v5(&NAMESPACE, format!("import:{source}:{tenant}:{number}").as_bytes());
    let mut planning = Planning { source, id, ticket: Ticket::default(), events: Vec::new() };
    let opened = history.opening.event(settings)?;
    planning.add(1, vec![opened], history.opened_by, history.opened_at)?;
    for Update { row, by, at, state } in history.updates {
        let events = changes(&planning.ticket, &state, settings)?;
        planning.add(row, events, by, at)?;
    }
    Ok(Plan { id: TicketId(id), number, events: planning.events })
}

struct Planning<'a> {
    source: &'a str,
    id: Uuid,
    ticket: Ticket,
    events: Vec<NewEvent>,
}

impl Planning<'_> {
    fn add(
        &mut self,
        row: usize,
        events: Vec<TicketEvent>,
        by: UserId,
        at: DateTime<Utc>,
    ) -> Result<(), serde_json::Error> {
        if events.is_empty() {
            return Ok(());
        }
        let metadata: Arc<str> = serde_json::to_string(&self.metadata(by, at))?.into();
        for (index, event) in events.into_iter().enumerate() {
            let name = format!("{row}:{index}:{}", event.name());
            let event_id = EventId(Uuid::new_v5(&self.id, name.as_bytes()));
            self.events.push(event.to_new(event_id, metadata.clone())?);
            self.ticket.apply(event);
        }
        Ok(())
    }

    fn metadata(&self, by: UserId, at: DateTime<Utc>) -> Metadata {
        Metadata {
            actor: Actor { id: by, kind: ActorKind::Agent, name: None },
            occurred_at: at,
            request_id: None,
            traceparent: None,
            ip: None,
            user_agent: None,
            causation_id: None,
            import: Some(self.source.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::ticket::event::{Assignment, Requester, Source};

    use super::*;

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    fn state(status: &str) -> Snapshot {
        Snapshot { status: status.to_owned(), priority: "medium".to_owned(), ..Snapshot::default() }
    }

    fn history(updates: &[&str]) -> History {
        let at = |hour: usize| DateTime::UNIX_EPOCH + std::time::Duration::from_secs(hour as u64 * 3600);
        History {
            opening: Opening {
                number: "INC1".to_owned(),
                subject: "Symptom".to_owned(),
                description: "Category".to_owned(),
                requester: Requester { id: user("caller"), name: None, email: None },
                organization: None,
                source: Source::Phone,
                tags: Vec::new(),
                custom_fields: BTreeMap::new(),
                channel_metadata: None,
                state: Snapshot { assignment: Assignment::default(), ..state("new") },
            },
            opened_by: user("agent"),
            opened_at: at(0),
            updates: (2..)
                .zip(updates)
                .map(|(row, status)| Update { row, by: user("agent"), at: at(row), state: state(status) })
                .collect(),
        }
    }

    fn planned(updates: &[&str]) -> Plan {
        let settings = domain::tenant::profile("platform").unwrap();
        plan("test", TenantId::of_key("desk"), &settings, history(updates)).unwrap()
    }

    #[test]
    fn a_row_that_changes_nothing_is_no_event() {
        let types: Vec<_> =
            planned(&["new", "resolved", "resolved"]).events.iter().map(|event| event.event_type).collect();
        assert_eq!(types, ["TicketOpened", "TicketResolved"]);
    }

    #[test]
    fn a_longer_history_begins_as_the_shorter_one() {
        let ids = |plan: Plan| plan.events.into_iter().map(|event| event.event_id).collect::<Vec<_>>();
        let (short, long) = (ids(planned(&["resolved"])), ids(planned(&["resolved", "closed"])));
        assert_eq!(long[..short.len()], short[..]);
        assert_eq!(long.len(), short.len() + 1);
    }
}
