//! One command on its way: decided and appended until it holds.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use domain::ids::{CommandId, TenantId, Version};
use event_store::store::{Circumstances, Store};
use event_store::{Claim, EventLog, Idempotency, Loaded, LogError, Outcome, StoredEvent};

use super::answer::Reply;
use super::{Answer, CommandError, CommandRequest, Executor};

/// How often a command is decided again before the caller is told to try later.
pub(super) const ATTEMPTS: usize = 100;

/// A command with what decides it, whatever it is on.
pub(super) trait Decision: Sync {
    /// What it is on.
    type Aggregate: Aggregate<Event: StoredEvent> + Clone + 'static;

    /// Decides it, as of a time.
    fn decide(
        &self,
        aggregate: &Self::Aggregate,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event<Self>>, CommandError>;

    /// Fills in what only a command that is accepted may take, and claims it.
    fn claim(
        &self,
        _events: &mut [Event<Self>],
        _now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Vec<Claim>, CommandError>> + Send {
        std::future::ready(Ok(Vec::new()))
    }

    /// The version that it is at, as the caller counts.
    fn version(&self, loaded: &Loaded<Self::Aggregate>) -> Version {
        loaded.version
    }

    /// What the caller is told when it isn't at the version that they wanted.
    fn mismatch(&self, loaded: &Loaded<Self::Aggregate>) -> CommandError {
        CommandError::VersionMismatch { actual: self.version(loaded) }
    }

    /// What it is answered when it did this to what was loaded.
    fn reply(&self, loaded: &Loaded<Self::Aggregate>, events: &[Event<Self>]) -> Reply;
}

type Event<D> = <<D as Decision>::Aggregate as Aggregate>::Event;

/// One command on its way.
pub(super) struct Attempt<'a, D> {
    pub(super) executor: &'a Executor,
    pub(super) request: &'a CommandRequest,
    pub(super) decision: &'a D,
    pub(super) id: String,
}

impl<D: Decision> Attempt<'_, D> {
    fn log(&self) -> &EventLog {
        &self.executor.0.log
    }

    fn tenant(&self) -> TenantId {
        self.request.principal.tenant
    }

    pub(super) async fn load(&self) -> Result<Loaded<D::Aggregate>, CommandError> {
        Ok(self.log().load::<D::Aggregate>(self.tenant(), &self.id).await?)
    }

    /// Decides and appends until it holds.
    pub(super) async fn again(&self, mut loaded: Loaded<D::Aggregate>) -> Result<Answer, CommandError> {
        for _ in 0..ATTEMPTS {
            let metadata = self.request.metadata(self.executor.0.clock.now());
            let now = metadata.occurred_at;
            let decided =
                self.check_version(&loaded).and_then(|()| self.decision.decide(&loaded.aggregate, now));
            let mut events = match decided {
                Ok(events) => events,
                // What is in memory may be behind the log: no refusal on old state.
                Err(_) if !loaded.fresh => {
                    self.log().forget(self.tenant(), D::Aggregate::TYPE, &self.id);
                    loaded = self.load().await?;
                    continue;
                }
                Err(refusal) => {
                    return self.executor.answered_before(self.tenant(), self.request, refusal).await;
                }
            };
            let claims = self.decision.claim(&mut events, now).await?;
            let metadata = serde_json::to_string(&metadata).map_err(LogError::from)?;
            match self.append(&loaded, &events, metadata.into(), claims).await? {
                Ok(answer) => return Ok(answer),
                Err(Again) => loaded = self.load().await?,
            }
        }
        Err(CommandError::Contended)
    }

    /// `If-Match`.
    fn check_version(&self, loaded: &Loaded<D::Aggregate>) -> Result<(), CommandError> {
        match self.request.if_match {
            Some(wanted) if wanted != self.decision.version(loaded) => Err(self.decision.mismatch(loaded)),
            _ => Ok(()),
        }
    }

    async fn append(
        &self,
        loaded: &Loaded<D::Aggregate>,
        events: &[Event<D>],
        metadata: Arc<str>,
        claims: Vec<Claim>,
    ) -> Result<Result<Answer, Again>, CommandError> {
        let inner = &*self.executor.0;
        let mut reply = self.decision.reply(loaded, events);
        if events.is_empty()
            && let Some(public) = &mut reply.extra.public
        {
            let stream = (self.tenant(), D::Aggregate::TYPE, self.id.as_str());
            public.position = self.executor.last_public(stream, loaded.version).await?;
        }
        let circumstances = Circumstances {
            command_id: Some(self.request.command_id.unwrap_or_else(|| CommandId(inner.ids.next()))),
            idempotency: self.idempotency(&reply)?,
            claims,
        };
        let store = Store::<D::Aggregate>::new(inner.log.clone(), self.tenant(), inner.ids.clone());
        match store.append(&self.id, loaded, events, metadata, circumstances).await? {
            Outcome::Appended { version, position, .. } => {
                Ok(Ok(reply.answer(self.id.clone(), version, position)))
            }
            // Whether that is another version to the caller too is seen when it is loaded again.
            // A number can only be taken if somebody set the sequence back; the next one is free.
            Outcome::Conflict { .. } | Outcome::ClaimTaken { .. } => Ok(Err(Again)),
            Outcome::KeyReused => Err(CommandError::KeyReused),
            replayed @ Outcome::Replayed { .. } => Ok(Answer::replayed(replayed).ok_or(Again)),
        }
    }

    fn idempotency(&self, reply: &Reply) -> Result<Option<Idempotency>, CommandError> {
        let Some(key) = &self.request.idempotency else {
            return Ok(None);
        };
        Ok(Some(Idempotency {
            user: self.request.principal.user.clone(),
            key: key.key.to_string(),
            request_hash: key.request_hash,
            answer: serde_json::to_value(&reply.extra).map_err(LogError::from)?,
            status: reply.status,
        }))
    }
}

/// Somebody was faster: decide again.
struct Again;
