//! What became of promises as of a moment of the past: the log up to there, folded as the read model folds it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::event::{Event, SLA, TICKET};
use domain::ids::Position;
use domain::sla::Governing;
use domain::sla::clock::Moment;
use domain::sla::policy::Metric;
use domain::sla::promises::{Outcome, Promises};
use domain::ticket::TicketEvent;
use service_kit::shares::Share;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::QueryApi;
use crate::as_of::AsOf;
use crate::error::QueryError;
use crate::follow::Filter;
use crate::http::sla::take;
use crate::http::stats::past::replay;
use crate::log::Fact;
use crate::snapshot::Snapshot;

/// What became of each promise, a column each, as a statement takes them.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    pub(super) tickets: Vec<Uuid>,
    pub(super) metrics: Vec<String>,
    pub(super) policies: Vec<String>,
    pub(super) priorities: Vec<String>,
    pub(super) agents: Vec<Option<String>>,
    pub(super) teams: Vec<Option<String>>,
    pub(super) organizations: Vec<Option<String>>,
    pub(super) missed: Vec<bool>,
    pub(super) times: Vec<DateTime<Utc>>,
}

impl Outcomes {
    /// Adds them to a statement, in the place of those that are kept.
    pub(super) fn push<'a>(&'a self, sql: &mut QueryBuilder<'a, Postgres>) {
        sql.push(" FROM unnest(").push_bind(&self.tickets).push("::uuid[], ").push_bind(&self.metrics);
        sql.push("::text[], ").push_bind(&self.policies).push("::text[], ").push_bind(&self.priorities);
        sql.push("::text[], ").push_bind(&self.agents).push("::text[], ").push_bind(&self.teams);
        sql.push("::text[], ").push_bind(&self.organizations).push("::text[], ").push_bind(&self.missed);
        sql.push("::bool[], ").push_bind(&self.times).push(
            "::timestamptz[]) AS o (ticket_id, metric, policy, priority, agent, team, organization, missed, \
             decided_at)",
        );
    }
}

#[derive(Default)]
struct Past {
    tickets: HashMap<Uuid, Promises>,
    outcomes: HashMap<(Uuid, Metric, u32), Outcome>,
    governing: Governing,
}

/// Folds the caller's tenant's log up to a moment.
pub(super) async fn fold(
    api: &QueryApi,
    share: &Share,
    snapshot: &mut Snapshot,
    as_of: AsOf,
) -> Result<Outcomes, QueryError> {
    let filter = Filter { aggregates: vec![TICKET.to_owned(), SLA.to_owned()], ..Filter::default() };
    let mut past = Past::default();
    replay(api, share, snapshot, as_of, &filter, |fact| {
        past.take(fact);
        past.tickets.len()
    })
    .await?;
    Ok(past.columns())
}

impl Past {
    fn take(&mut self, fact: &Fact) {
        let moment = Moment { at: fact.metadata.occurred_at, position: Position(fact.logged.position) };
        match &fact.event {
            Some(Event::Ticket(event)) => {
                let Ok(id) = fact.logged.aggregate_id.parse() else { return };
                if let TicketEvent::TicketOpened(opened) = event {
                    self.tickets.insert(id, Promises::opened(opened));
                }
                let Some(promises) = self.tickets.get_mut(&id).filter(|_| Promises::concerns(event)) else {
                    return;
                };
                promises.follow(event, moment, fact.metadata.import.is_some(), self.governing.rules());
                note(&mut self.outcomes, id, promises);
            }
            Some(Event::Sla(_)) if take(&mut self.governing, fact) => {
                for (id, promises) in &mut self.tickets {
                    promises.watch.follow_rules(moment, self.governing.rules());
                    note(&mut self.outcomes, *id, promises);
                }
            }
            _ => {}
        }
    }

    fn columns(self) -> Outcomes {
        let mut columns = Outcomes::default();
        for ((ticket, metric, _), outcome) in self.outcomes {
            columns.tickets.push(ticket);
            columns.metrics.push(metric.as_str().to_owned());
            columns.policies.push(outcome.policy);
            columns.priorities.push(outcome.priority);
            columns.agents.push(outcome.agent);
            columns.teams.push(outcome.team);
            columns.organizations.push(outcome.organization);
            columns.missed.push(outcome.missed);
            columns.times.push(outcome.at);
        }
        columns
    }
}

fn note(outcomes: &mut HashMap<(Uuid, Metric, u32), Outcome>, id: Uuid, promises: &mut Promises) {
    for ((metric, instance), outcome) in promises.decide() {
        match outcome {
            Some(outcome) => drop(outcomes.insert((id, metric, instance), outcome)),
            None => drop(outcomes.remove(&(id, metric, instance))),
        }
    }
}
