//! Carries out commands: load, decide, append; decide again when another writer was faster.
//!
//! Promises: an answer means that the events are durable; a command that is answered with an error
//! left nothing behind, but for errors that say so (`CommandError::TimedOut`, an unavailable log);
//! a retry with the same idempotency key has the first one's effect and answer, and nothing else.

mod answer;
mod attempt;
mod blocking;
mod error;
mod export;
mod in_flight;
mod public;
mod request;
mod sla;
mod tenant;
mod tenants;
mod ticket;
mod turns;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::identity::Principal;
use domain::ids::{TenantId, TicketId};
use domain::tenant::TenantSettings;
use domain::ticket::{Ticket, TicketCommand, TicketError};
use domain::time::{Clock, Ids};
use event_store::{EventLog, Loaded};

pub(crate) use answer::PublicStanding;
pub use answer::{Answer, Extra};
pub use error::CommandError;
pub(crate) use error::overloaded;
pub use request::{CommandRequest, History, IdempotencyKey, Target, TicketRef};
pub use tenant::{TenantAnswer, TenantRequestError};

use attempt::Attempt;
use blocking::Blocking;
use in_flight::{AtWork, InFlight};
use tenants::Tenants;
use ticket::OnTicket;
use turns::Turns;

/// What kind of claim a ticket's number is.
const TICKET_NUMBER: &str = "ticket_number";
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
    blocking: Blocking,
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
            blocking: Blocking::new(),
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
        let run = async {
            let answer = self.run(request, target, command).await?;
            self.counted_for(&request.principal, answer).await
        };
        self.watched(command.kind(), run).await
    }

    /// Carries it out within its time, and counts it.
    async fn watched(
        &self,
        command: &'static str,
        run: impl Future<Output = Result<Answer, CommandError>>,
    ) -> Result<Answer, CommandError> {
        let start = Instant::now();
        let result = tokio::time::timeout(PATIENCE, run).await.unwrap_or(Err(CommandError::TimedOut));
        let outcome = match &result {
            Ok(answer) if answer.replayed => "replayed",
            Ok(_) => "accepted",
            Err(error) => error.outcome(),
        };
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

    /// The log that it appends to.
    pub(crate) fn log(&self) -> &EventLog {
        &self.0.log
    }

    /// Where new ids come from.
    pub(crate) fn ids(&self) -> &dyn Ids {
        &*self.0.ids
    }

    /// A tenant's settings.
    pub(crate) async fn settings(&self, tenant: TenantId) -> Result<Arc<TenantSettings>, CommandError> {
        Ok(self.0.tenants.get(tenant).await?.settings.clone())
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

    /// Now, by the clock that commands are decided by.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
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
        let command = &*self.prepared(principal, command).await?;
        let decision = OnTicket { executor: self, principal, command, tenant: &tenant };
        let attempt = Attempt { executor: self, request, decision: &decision, id: id.to_string() };
        if new {
            return attempt.again(Loaded::begin()).await;
        }
        let _turn = self.0.turns.at(&id).await;
        let loaded = attempt.load().await?;
        attempt.again(loaded).await
    }

    /// The command with its markup made safe, which is done once, however often it is decided, and before
    /// it is its turn.
    async fn prepared<'a>(
        &self,
        caller: &Principal,
        command: &'a TicketCommand,
    ) -> Result<Cow<'a, TicketCommand>, CommandError> {
        let mut command = Cow::Borrowed(command);
        if !command.has_markup() {
            return Ok(command);
        }
        if let Some(markup) = command.to_mut().markup_mut() {
            let given = markup.clone();
            *markup = self.0.blocking.run(caller, move |stop| given.made_safe(stop)).await?;
            if markup.is_stopped() {
                return Err(CommandError::Overloaded);
            }
        }
        Ok(command)
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
