//! Carries out commands: load, decide, append; decide again when another writer was faster.
//!
//! Promises: an answer means that the events are durable; a command that is answered with an error
//! left nothing behind, but for errors that say so (`CommandError::TimedOut`, an unavailable log);
//! a retry with the same idempotency key has the first one's effect and answer, and nothing else.

mod answer;
mod error;
mod in_flight;
mod request;
mod tenant;
mod tenants;
mod turns;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::event::TICKET;
use domain::ids::{CommandId, TenantId, TicketId};
use domain::ticket::{Context, Ticket, TicketCommand, TicketError, TicketEvent};
use domain::time::{Clock, Ids};
use event_store::store::{Circumstances, Store};
use event_store::{Claim, EventLog, Idempotency, Loaded, Outcome};

pub use answer::{Answer, Extra};
pub use error::CommandError;
pub use request::{CommandRequest, History, IdempotencyKey, Target, TicketRef};
pub use tenant::{TenantAnswer, TenantRequestError};

use in_flight::{AtWork, InFlight};
use tenants::{Known, Tenants};
use turns::Turns;

/// What kind of claim a ticket's number is.
const TICKET_NUMBER: &str = "ticket_number";
/// Stands for the number of a ticket while it is being decided whether it is opened at all.
const UNNUMBERED: &str = "-";
/// How often a command is decided again before the caller is told to try later.
const ATTEMPTS: usize = 100;
/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many numbers are remembered with their tickets. A number never changes hands.
const NUMBERS: usize = 100_000;

/// Carries out commands. Cheap to clone.
#[derive(Clone)]
pub struct Executor(Arc<Inner>);

struct Inner {
    log: EventLog,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    tenants: Tenants,
    in_flight: InFlight,
    turns: Turns,
    numbers: quick_cache::sync::Cache<(TenantId, String), TicketId>,
}

impl Executor {
    /// An executor over a log.
    pub fn new(log: EventLog, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self(Arc::new(Inner {
            tenants: Tenants::new(log.clone()),
            log,
            clock,
            ids,
            in_flight: InFlight::default(),
            turns: Turns::new(),
            numbers: quick_cache::sync::Cache::new(NUMBERS),
        }))
    }

    /// Carries out a command on a ticket.
    pub async fn execute(
        &self,
        request: &CommandRequest,
        target: &Target,
        command: &TicketCommand,
    ) -> Result<Answer, CommandError> {
        let start = Instant::now();
        let run = tokio::time::timeout(PATIENCE, self.run(request, target, command));
        let result = run.await.unwrap_or(Err(CommandError::TimedOut));
        let outcome = match &result {
            Ok(answer) if answer.replayed => "replayed",
            Ok(_) => "accepted",
            Err(error) => error.outcome(),
        };
        let command = command.kind();
        metrics::counter!("docket_commands_total", "command" => command, "outcome" => outcome).increment(1);
        metrics::histogram!("docket_command_seconds", "command" => command)
            .record(start.elapsed().as_secs_f64());
        result
    }

    /// The id of a ticket of this tenant; `None` if there is none of that number. An id is taken at
    /// its word.
    pub async fn resolve(
        &self,
        tenant: TenantId,
        ticket: &TicketRef,
    ) -> Result<Option<TicketId>, CommandError> {
        let number = match ticket {
            TicketRef::Id(id) => return Ok(Some(*id)),
            TicketRef::Number(number) => number,
        };
        let key = (tenant, number.clone());
        if let Some(id) = self.0.numbers.get(&key) {
            return Ok(Some(id));
        }
        let holder = self.0.log.find_claim(tenant, TICKET_NUMBER, number).await?;
        let id = holder.and_then(|id| id.parse().ok());
        if let Some(id) = id {
            self.0.numbers.insert(key, id);
        }
        Ok(id)
    }

    /// Whether the caller may know of a ticket.
    pub async fn is_visible(
        &self,
        request: &CommandRequest,
        ticket: &TicketRef,
    ) -> Result<bool, CommandError> {
        let tenant = request.principal.tenant;
        self.0.tenants.get(tenant).await?;
        let Some(id) = self.resolve(tenant, ticket).await? else {
            return Ok(false);
        };
        let ticket = self.0.log.load::<Ticket>(tenant, &id.to_string()).await?.aggregate;
        Ok(ticket.exists() && ticket.visible_to(&request.principal))
    }

    async fn run(
        &self,
        request: &CommandRequest,
        target: &Target,
        command: &TicketCommand,
    ) -> Result<Answer, CommandError> {
        let principal = &*request.principal;
        let tenant = self.0.tenants.get(principal.tenant).await?;
        principal.may(command.operation())?;
        let _at_work = self.begin(principal.tenant, request)?;
        let (id, new) = match target {
            Target::New => (TicketId(self.0.ids.next()), true),
            Target::NewAs(id) => (*id, false),
            Target::Ticket(ticket) => match self.resolve(principal.tenant, ticket).await? {
                Some(id) => (id, false),
                None => {
                    return self
                        .answered_before(principal.tenant, request, TicketError::NotFound.into())
                        .await;
                }
            },
        };
        let attempt = Attempt { executor: self, request, command, tenant: &tenant, id: id.to_string() };
        if new {
            return attempt.again(Loaded::begin()).await;
        }
        let _turn = self.0.turns.at(&id).await;
        let loaded = attempt.load().await?;
        attempt.again(loaded).await
    }

    fn begin(&self, tenant: TenantId, request: &CommandRequest) -> Result<Option<AtWork>, CommandError> {
        let Some(key) = &request.idempotency else {
            return Ok(None);
        };
        let at_work = self.0.in_flight.begin(tenant, &request.principal.user, &key.key);
        at_work.map(Some).ok_or(CommandError::InProgress)
    }

    /// The answer that the key was given earlier; without one, the refusal. A command that is allowed
    /// is looked up by its append; one that is refused may be the retry of one that was allowed then.
    async fn answered_before(
        &self,
        tenant: TenantId,
        request: &CommandRequest,
        refusal: CommandError,
    ) -> Result<Answer, CommandError> {
        let Some(key) = &request.idempotency else {
            return Err(refusal);
        };
        match self.0.log.answer_for(tenant, &request.principal.user, &key.key).await? {
            Some(stored) if stored.request_hash == key.request_hash => Ok(stored.into()),
            Some(_) => Err(CommandError::KeyReused),
            None => Err(refusal),
        }
    }
}

/// One command on its way.
struct Attempt<'a> {
    executor: &'a Executor,
    request: &'a CommandRequest,
    command: &'a TicketCommand,
    tenant: &'a Known,
    id: String,
}

impl Attempt<'_> {
    fn log(&self) -> &EventLog {
        &self.executor.0.log
    }

    fn tenant_id(&self) -> TenantId {
        self.request.principal.tenant
    }

    async fn load(&self) -> Result<Loaded<Ticket>, CommandError> {
        Ok(self.log().load::<Ticket>(self.tenant_id(), &self.id).await?)
    }

    /// Decides and appends until it holds.
    async fn again(&self, mut loaded: Loaded<Ticket>) -> Result<Answer, CommandError> {
        for _ in 0..ATTEMPTS {
            let now = self.executor.0.clock.now();
            let metadata = self.request.metadata(now);
            let context = Context {
                now: metadata.occurred_at,
                actor: &self.request.principal,
                settings: &self.tenant.settings,
                ids: &*self.executor.0.ids,
                number: Some(UNNUMBERED),
            };
            let decided = self
                .check_version(&loaded)
                .and_then(|()| self.command.decide(&loaded.aggregate, &context).map_err(CommandError::from));
            let mut events = match decided {
                Ok(events) => events,
                // What is in memory may be behind the log: no refusal on old state.
                Err(_) if !loaded.fresh => {
                    self.log().forget(self.tenant_id(), TICKET, &self.id);
                    loaded = self.load().await?;
                    continue;
                }
                Err(refusal) => {
                    return self.executor.answered_before(self.tenant_id(), self.request, refusal).await;
                }
            };
            let number = self.number(&mut events, context.now).await?;
            let metadata = serde_json::to_string(&metadata).map_err(event_store::LogError::from)?;
            match self.append(&loaded, &events, metadata.into(), number).await? {
                Ok(answer) => return Ok(answer),
                Err(Again) => loaded = self.load().await?,
            }
        }
        Err(CommandError::Contended)
    }

    /// Gives a ticket that is being opened its number, which the append claims. Only now, so that
    /// commands that are refused leave no holes in the sequence.
    async fn number(
        &self,
        events: &mut [TicketEvent],
        date: DateTime<Utc>,
    ) -> Result<Option<String>, CommandError> {
        let Some(TicketEvent::TicketOpened(opened)) = events.first_mut() else {
            return Ok(None);
        };
        let numbers = &self.tenant.numbers;
        let sequence = self.log().next_number(self.tenant_id(), &numbers.period(date)).await?;
        opened.number = numbers.render(sequence, date);
        Ok(Some(opened.number.clone()))
    }

    /// `If-Match`. Whoever may not know of the ticket doesn't learn its version.
    fn check_version(&self, loaded: &Loaded<Ticket>) -> Result<(), CommandError> {
        let ticket = &loaded.aggregate;
        match self.request.if_match {
            Some(wanted) if wanted != loaded.version => {
                if ticket.exists() && !ticket.visible_to(&self.request.principal) {
                    return Err(TicketError::NotFound.into());
                }
                if !ticket.exists() && !matches!(self.command, TicketCommand::Open(_)) {
                    return Err(TicketError::NotFound.into());
                }
                Err(CommandError::VersionMismatch { actual: loaded.version })
            }
            _ => Ok(()),
        }
    }

    async fn append(
        &self,
        loaded: &Loaded<Ticket>,
        events: &[TicketEvent],
        metadata: Arc<str>,
        number: Option<String>,
    ) -> Result<Result<Answer, Again>, CommandError> {
        let inner = &*self.executor.0;
        let extra = Extra::of(events);
        let circumstances = Circumstances {
            command_id: Some(self.request.command_id.unwrap_or_else(|| CommandId(inner.ids.next()))),
            idempotency: self.idempotency(&extra)?,
            claims: number.map(|value| Claim { kind: TICKET_NUMBER, value }).into_iter().collect(),
        };
        let store = Store::<Ticket>::new(inner.log.clone(), self.tenant_id(), inner.ids.clone());
        match store.append(&self.id, loaded, events, metadata, circumstances).await? {
            Outcome::Appended { version, position, .. } => Ok(Ok(Answer {
                id: self.id.clone(),
                version,
                position,
                status: extra.status(),
                extra,
                replayed: false,
            })),
            Outcome::Conflict { actual } if self.request.if_match.is_some() => {
                let mismatch = CommandError::VersionMismatch { actual };
                self.executor.answered_before(self.tenant_id(), self.request, mismatch).await.map(Ok)
            }
            // A number can only be taken if somebody set the sequence back; the next one is free.
            Outcome::Conflict { .. } | Outcome::ClaimTaken { .. } => Ok(Err(Again)),
            Outcome::KeyReused => Err(CommandError::KeyReused),
            replayed @ Outcome::Replayed { .. } => Ok(Answer::replayed(replayed).ok_or(Again)),
        }
    }

    fn idempotency(&self, extra: &Extra) -> Result<Option<Idempotency>, CommandError> {
        let Some(key) = &self.request.idempotency else {
            return Ok(None);
        };
        Ok(Some(Idempotency {
            user: self.request.principal.user.clone(),
            key: key.key.to_string(),
            request_hash: key.request_hash,
            answer: serde_json::to_value(extra).map_err(event_store::LogError::from)?,
            status: extra.status(),
        }))
    }
}

/// Somebody was faster: decide again.
struct Again;
