//! Looks at tickets for which something seems due, and appends what is.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::event::{Event, SLA, TICKET};
use domain::identity::Principal;
use domain::ids::{TenantId, UserId, Version};
use domain::metadata::Metadata;
use domain::sla::Governing;
use domain::sla::clock::Moment;
use domain::sla::policy::Rules;
use domain::sla::raise::raise;
use domain::sla::watch::Watch;
use domain::ticket::event::{SlaBreached, SlaWarned};
use domain::ticket::upcast::Upcasters;
use domain::ticket::{Context, Ticket, TicketEvent};
use event_store::envelope::StoredEvent;
use event_store::reader::LogReader;
use event_store::{Append, LogError, NewEvent, Outcome, RecordedEvent};
use futures::future::join_all;
use sqlx::PgPool;

use super::due::Due;
use super::ids;
use crate::executor::{CommandError, Executor};

/// Why looking had to stop. It begins again.
#[derive(Debug, thiserror::Error)]
pub(super) enum VisitError {
    #[error("the database fails")]
    Database(#[from] sqlx::Error),
    #[error("the log doesn't take what is due")]
    Log(#[from] LogError),
}

/// Looks at some tickets together.
pub(super) struct Visit<'a> {
    pub(super) executor: &'a Executor,
    pub(super) pool: &'a PgPool,
}

/// The moments from which other rules held for a tenant, and those rules: read once for all its tickets.
type Changes = Vec<(Moment, Arc<Rules>)>;

impl Visit<'_> {
    /// Raises what is due. Gives those that were dealt with: not those that went on meanwhile.
    pub(super) async fn all(&self, due: &[Due]) -> Result<Vec<Due>, VisitError> {
        let reader = LogReader::new(self.pool.clone());
        let tickets: Vec<String> = due.iter().map(|due| due.ticket_id.to_string()).collect();
        let mut streams = by_id(reader.read_streams(TICKET, &tickets).await?);
        let changes = self.changes(&reader, due).await?;
        let mut dealt_with = Vec::new();
        let mut appends = Vec::new();
        for due in due {
            let stream = streams.remove(&due.ticket_id.to_string()).unwrap_or_default();
            let none = Changes::new();
            let changes = changes.get(&due.tenant()).unwrap_or(&none);
            match self.raise(due, &stream, changes).await {
                Ok(Some(append)) => appends.push((due, append)),
                Ok(None) => dealt_with.push(due.clone()),
                Err(error) => {
                    let ticket = due.ticket_id;
                    tracing::error!(%ticket, error, "what is due for a ticket can't be told");
                    dealt_with.push(due.clone());
                }
            }
        }
        let log = self.executor.log();
        let outcomes = join_all(appends.into_iter().map(|(due, append)| async move {
            let raised: Vec<&'static str> = append.events.iter().map(|event| event.event_type).collect();
            (due, raised, log.append(append).await)
        }));
        for (due, raised, outcome) in outcomes.await {
            // What is kept of the ticket is behind now, or was.
            log.forget(due.tenant(), TICKET, &due.ticket_id.to_string());
            match outcome? {
                Outcome::Appended { .. } => {
                    for event in raised {
                        metrics::counter!("docket_sla_raised_total", "event" => event).increment(1);
                    }
                    dealt_with.push(due.clone());
                }
                Outcome::Conflict { .. } => {}
                outcome => {
                    let ticket = due.ticket_id;
                    tracing::error!(%ticket, ?outcome, "what is due for a ticket wasn't appended");
                    dealt_with.push(due.clone());
                }
            }
        }
        Ok(dealt_with)
    }

    /// The rules of these tickets' tenants, as they changed.
    async fn changes(
        &self,
        reader: &LogReader,
        due: &[Due],
    ) -> Result<HashMap<TenantId, Changes>, VisitError> {
        let mut tenants: Vec<String> = due.iter().map(|due| due.tenant_id.to_string()).collect();
        tenants.sort_unstable();
        tenants.dedup();
        let mut governing: HashMap<TenantId, Governing> = HashMap::new();
        let mut changes: HashMap<TenantId, Changes> = HashMap::new();
        for recorded in reader.read_streams(SLA, &tenants).await? {
            let decoded = recorded.decode(self.executor.log().upcasters()).map_err(LogError::from)?;
            let Event::Sla(event) = decoded.event else { continue };
            let moment = Moment { at: decoded.metadata.occurred_at, position: recorded.position };
            let governing = governing.entry(recorded.tenant_id).or_default();
            if governing.apply(event, recorded.sequence) {
                changes.entry(recorded.tenant_id).or_default().push((moment, governing.rules().clone()));
            }
        }
        Ok(changes)
    }

    /// What is due for a ticket, ready to be appended; none if that is nothing.
    async fn raise(
        &self,
        due: &Due,
        stream: &[RecordedEvent],
        changes: &Changes,
    ) -> Result<Option<Append>, String> {
        let told = |error: CommandError| error.to_string();
        let settings = self.executor.settings(due.tenant()).await.map_err(told)?;
        let folded = Folded::of(stream, changes, self.executor.log().upcasters())?;
        let actor = actor(due.tenant());
        let context = Context {
            now: due.now,
            actor: &actor,
            settings: &settings,
            ids: self.executor.ids(),
            number: None,
        };
        let events = raise(&folded.ticket, &folded.watch, &folded.rules, &context);
        let events = events.map_err(|error| error.to_string())?;
        if events.is_empty() {
            return Ok(None);
        }
        late(&events);
        let metadata =
            serde_json::to_string(&metadata(&actor, due.now, stream)).map_err(|error| error.to_string())?;
        let metadata: Arc<str> = metadata.into();
        let (ticket, after) = (due.ticket(), folded.version);
        let new: Result<Vec<NewEvent>, _> = events
            .iter()
            .enumerate()
            .map(|(nth, event)| event.to_new(ids::event(ticket, after, nth, event), metadata.clone()))
            .collect();
        Ok(Some(Append {
            tenant: due.tenant(),
            aggregate_type: TICKET,
            aggregate_id: ticket.to_string(),
            expected: after,
            events: new.map_err(|error| error.to_string())?,
            command_id: ids::command(ticket, after),
            idempotency: None,
            claims: Vec::new(),
        }))
    }
}

/// What a ticket's events come to, under the rules that held with each.
struct Folded {
    ticket: Ticket,
    watch: Watch,
    rules: Arc<Rules>,
    version: Version,
}

impl Folded {
    fn of(stream: &[RecordedEvent], changes: &Changes, upcasters: &Upcasters) -> Result<Self, String> {
        let mut folded = Self {
            ticket: Ticket::default(),
            watch: Watch::default(),
            rules: Rules::starting().clone(),
            version: Version(0),
        };
        let mut changes = changes.iter().peekable();
        for recorded in stream {
            while let Some(change) = changes.next_if(|(moment, _)| moment.position < recorded.position) {
                folded.change(change);
            }
            let decoded = recorded.decode(upcasters).map_err(|error| error.to_string())?;
            let Event::Ticket(event) = decoded.event else { return Err("a stream of another kind".into()) };
            let moment = Moment { at: decoded.metadata.occurred_at, position: recorded.position };
            let imported = decoded.metadata.import.is_some();
            folded.watch.follow(&event, moment, imported, &folded.rules);
            folded.ticket.apply(event);
            folded.version = recorded.sequence;
        }
        changes.for_each(|change| folded.change(change));
        Ok(folded)
    }

    fn change(&mut self, (moment, rules): &(Moment, Arc<Rules>)) {
        self.rules = rules.clone();
        if self.version > Version(0) {
            self.watch.follow_rules(*moment, rules);
        }
    }
}

fn by_id(events: Vec<RecordedEvent>) -> HashMap<String, Vec<RecordedEvent>> {
    let mut streams: HashMap<String, Vec<RecordedEvent>> = HashMap::new();
    for event in events {
        streams.entry(event.aggregate_id.clone()).or_default().push(event);
    }
    streams
}

/// Docket itself.
fn actor(tenant: TenantId) -> Principal {
    #[expect(clippy::expect_used, reason = "the text is a constant and fit for an id")]
    let user = UserId::new("docket:sla").expect("a fit id");
    Principal::system(user, tenant)
}

fn metadata(actor: &Principal, now: DateTime<Utc>, stream: &[RecordedEvent]) -> Metadata {
    Metadata {
        actor: actor.actor(),
        occurred_at: now,
        request_id: None,
        traceparent: None,
        ip: None,
        user_agent: None,
        causation_id: stream.last().map(|event| event.event_id),
        import: None,
    }
}

/// Measures how late things are raised.
fn late(events: &[TicketEvent]) {
    for event in events {
        let (due, raised) = match event {
            TicketEvent::SlaWarned(SlaWarned { warning_at, raised_at, .. }) => (*warning_at, *raised_at),
            TicketEvent::SlaBreached(SlaBreached { due_at, raised_at, .. }) => (*due_at, *raised_at),
            _ => continue,
        };
        let late = (raised - due).num_microseconds().unwrap_or(i64::MAX);
        metrics::histogram!("docket_sla_late_seconds").record(late as f64 / 1e6);
    }
}
