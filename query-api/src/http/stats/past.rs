//! Figures as of a moment of the past: the log up to there, folded as the read model folds it.

use std::collections::HashMap;

use chrono::DateTime;
use domain::event::Event;
use domain::ids::{Position, TenantId};
use domain::sla::event::SlaEvent;
use domain::stats::{Office, Ticket};
use domain::tenant::TenantEvent;
use domain::ticket::TicketEvent;
use service_kit::shares::Share;

use super::find::{Groups, Wanted, named};
use crate::QueryApi;
use crate::as_of::AsOf;
use crate::error::QueryError;
use crate::follow::Filter;
use crate::log::{self, Fact, Most};
use crate::parameters::BadParameter;
use crate::snapshot::Snapshot;

/// How many positions one statement goes over.
const SPAN: i64 = 20_000;
/// The most tickets that are held at once.
const MOST_TICKETS: usize = 250_000;

/// A tenant's tickets as they were.
pub(crate) struct Past {
    tickets: HashMap<String, Ticket>,
}

/// Folds a tenant's log up to a moment.
pub(super) async fn fold(
    api: &QueryApi,
    share: &Share,
    snapshot: &mut Snapshot,
    tenant: TenantId,
    as_of: AsOf,
) -> Result<Past, QueryError> {
    super::tree::look_at(snapshot, tenant).await?;
    let names = |types: &[(&str, &str)]| types.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
    let mut types: Vec<String> = Ticket::CONCERNS.iter().map(|name| (*name).to_owned()).collect();
    types.extend(names(TenantEvent::TYPES));
    types.extend(names(SlaEvent::TYPES));
    let filter = Filter { types, ..Filter::default() };
    let (mut past, mut office) = (Past { tickets: HashMap::new() }, Office::default());
    replay(api, share, snapshot, as_of, &filter, |fact| {
        past.take(fact, &mut office);
        past.tickets.len()
    })
    .await?;
    Ok(past)
}

/// Goes through what had happened by a moment to the tenant that is looked at; `take` says how many tickets it
/// holds by then. It takes a share: few do so at once, for it takes time, and all of the tickets are held.
pub(super) async fn replay(
    api: &QueryApi,
    _share: &Share,
    snapshot: &mut Snapshot,
    as_of: AsOf,
    filter: &Filter,
    mut take: impl FnMut(&Fact) -> usize + Send,
) -> Result<(), QueryError> {
    let until = as_of.position().unwrap_or(snapshot.position).min(snapshot.position);
    let most = Most { events: SPAN, bytes: usize::MAX };
    let (mut after, mut held) = (Position::START, 0);
    while after < until {
        let end = Position((after.0 + SPAN).min(until.0));
        for logged in log::window(snapshot, after, end, filter, most).await?.logged {
            let fact = logged.read(&api.0.upcasters);
            if as_of.includes(&fact) {
                held = take(&fact);
            }
        }
        after = end;
        if held > MOST_TICKETS {
            return Err(too_many());
        }
    }
    Ok(())
}

/// More tickets than are held at once.
fn too_many() -> QueryError {
    let detail =
        format!("more than {MOST_TICKETS} tickets would have to be reckoned anew; ask for an earlier time");
    BadParameter::invalid("as_of", detail).into()
}

impl Past {
    fn take(&mut self, fact: &Fact, office: &mut Office) {
        let Some(event) = &fact.event else { return };
        let (id, at) = (&fact.logged.aggregate_id, fact.metadata.occurred_at);
        match event {
            Event::Ticket(TicketEvent::TicketOpened(event)) => {
                self.tickets.insert(id.clone(), Ticket::opened(event, at, office));
            }
            Event::Ticket(event) => {
                if let Some(ticket) = self.tickets.get_mut(id) {
                    ticket.apply(event, at, office);
                }
            }
            other => drop(office.take(other)),
        }
    }

    /// Adds up what is wanted; says how much that was.
    pub(super) fn add_up(&self, wanted: Wanted<'_>, groups: &mut Groups) -> usize {
        let (from, to) =
            (wanted.from.map(|at| at.timestamp_micros()), wanted.to.map(|at| at.timestamp_micros()));
        for ticket in self.tickets.values().filter(|ticket| !ticket.is_hidden()) {
            for counted in ticket.counted() {
                let outside =
                    from.is_some_and(|from| counted.at < from) || to.is_some_and(|to| counted.at >= to);
                if outside || !wanted.measures.contains(&counted.measure) {
                    continue;
                }
                let at = DateTime::from_timestamp_micros(counted.at).unwrap_or_default();
                let period = wanted.period.map(|period| period.of(at, wanted.zone));
                for key in ticket.keys(wanted.dimension, &counted) {
                    let sum = groups.at(named(key), period.clone()).of(counted.measure, &counted.part);
                    sum.count += 1;
                    sum.total += counted.value;
                    sum.bins.add(counted.bin(), 1);
                }
            }
        }
        self.tickets.len().min(super::find::MOST / 2)
    }
}
