//! The log as a `cqrs_es` event store, of one aggregate type and for one tenant.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use cqrs_es::{Aggregate, AggregateContext, AggregateError, EventEnvelope, EventStore};
use domain::ids::{CommandId, EventId, TenantId};
use domain::time::Ids;

use crate::append::{Append, Claim, Idempotency, NewEvent, Outcome};
use crate::envelope::{StoredEvent, misplaced};
use crate::error::LogError;
use crate::load::Loaded;
use crate::log::EventLog;

/// Loads and commits aggregates of one type, of one tenant.
pub struct Store<A> {
    log: EventLog,
    tenant: TenantId,
    ids: Arc<dyn Ids>,
    aggregate: PhantomData<fn() -> A>,
}

/// What is loaded, and what is committed on it.
pub struct StoreContext<A> {
    id: String,
    loaded: Loaded<A>,
    /// The state that the command is handled on; `cqrs_es` applies new events to it.
    working: A,
}

impl<A: Aggregate> AggregateContext<A> for StoreContext<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.working
    }
}

/// What belongs to a commit beside its events.
#[derive(Clone, Debug, Default)]
pub struct Circumstances {
    /// The execution of the command; a new one if `None`.
    pub command_id: Option<CommandId>,
    /// Makes a retry return the first answer.
    pub idempotency: Option<Idempotency>,
    /// What must be nobody else's.
    pub claims: Vec<Claim>,
}

impl<A> Store<A>
where
    A: Aggregate + Clone + 'static,
    A::Event: StoredEvent,
{
    /// A store over the log.
    pub fn new(log: EventLog, tenant: TenantId, ids: Arc<dyn Ids>) -> Self {
        Self { log, tenant, ids, aggregate: PhantomData }
    }

    /// Appends the events to what was loaded. The cache follows: it has the new state once that
    /// is committed, and is marked as behind the log on a conflict.
    pub async fn append(
        &self,
        id: &str,
        loaded: &Loaded<A>,
        events: &[A::Event],
        metadata: Arc<str>,
        circumstances: Circumstances,
    ) -> Result<Outcome, LogError> {
        let new: Vec<NewEvent> = events
            .iter()
            .map(|event| event.to_new(EventId(self.ids.next()), Arc::clone(&metadata)))
            .collect::<Result<_, _>>()?;
        let bytes = new.iter().map(|event| event.payload.len() as u64).sum();
        let outcome = self
            .log
            .append(Append {
                tenant: self.tenant,
                aggregate_type: A::TYPE,
                aggregate_id: id.to_owned(),
                expected: loaded.version,
                events: new,
                command_id: circumstances.command_id.unwrap_or_else(|| CommandId(self.ids.next())),
                idempotency: circumstances.idempotency,
                claims: circumstances.claims,
            })
            .await?;
        match &outcome {
            Outcome::Appended { .. } if !events.is_empty() => {
                self.log.remember(self.tenant, id, &loaded.after(events, bytes));
            }
            Outcome::Conflict { .. } => self.log.forget(self.tenant, A::TYPE, id),
            _ => {}
        }
        Ok(outcome)
    }
}

impl<A> EventStore<A> for Store<A>
where
    A: Aggregate + Clone + 'static,
    A::Event: StoredEvent,
{
    type AC = StoreContext<A>;

    async fn load_events(&self, id: &str) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let events = self.log.reader().read_stream(A::TYPE, id).await.map_err(LogError::of);
        let mut envelopes = Vec::new();
        for event in events.map_err(aggregate_error)? {
            if event.tenant_id != self.tenant {
                return Ok(Vec::new());
            }
            let payload = event
                .decode_event(self.log.upcasters())
                .and_then(|decoded| A::Event::of(decoded).ok_or_else(|| misplaced(&event.event_type)))
                .map_err(|error| AggregateError::DeserializationError(error.into()))?;
            envelopes.push(EventEnvelope {
                aggregate_id: event.aggregate_id,
                sequence: event.sequence.0 as usize,
                payload,
                metadata: HashMap::from([("metadata".to_owned(), event.metadata)]),
            });
        }
        Ok(envelopes)
    }

    async fn load_aggregate(&self, id: &str) -> Result<StoreContext<A>, AggregateError<A::Error>> {
        let loaded = self.log.load::<A>(self.tenant, id).await.map_err(aggregate_error)?;
        let working = A::clone(&loaded.aggregate);
        Ok(StoreContext { id: id.to_owned(), loaded, working })
    }

    /// Commits the events. The log's metadata is one JSON object: the entry `metadata` as it
    /// stands, or else the whole map.
    async fn commit(
        &self,
        events: Vec<A::Event>,
        context: StoreContext<A>,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let text = match metadata.get("metadata") {
            Some(text) => text.clone(),
            None => serde_json::to_string(&metadata)
                .map_err(|error| AggregateError::UnexpectedError(error.into()))?,
        };
        let outcome = self
            .append(&context.id, &context.loaded, &events, text.into(), Circumstances::default())
            .await
            .map_err(aggregate_error)?;
        match outcome {
            Outcome::Appended { .. } => {
                let first = context.loaded.version.0 as usize + 1;
                let envelopes = (first..).zip(events).map(|(sequence, payload)| EventEnvelope {
                    aggregate_id: context.id.clone(),
                    sequence,
                    payload,
                    metadata: metadata.clone(),
                });
                Ok(envelopes.collect())
            }
            _ => Err(AggregateError::AggregateConflict),
        }
    }
}

fn aggregate_error<E: std::error::Error>(error: LogError) -> AggregateError<E> {
    match error {
        LogError::Unreadable(_) => AggregateError::DeserializationError(error.into()),
        LogError::Unavailable(_) | LogError::Overloaded => {
            AggregateError::DatabaseConnectionError(error.into())
        }
        _ => AggregateError::UnexpectedError(error.into()),
    }
}
