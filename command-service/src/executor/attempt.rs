//! One command on its way: decided and appended until it holds.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::event::TICKET;
use domain::ids::{CommandId, TenantId};
use domain::ticket::{Context, Ticket, TicketCommand, TicketError, TicketEvent};
use event_store::store::{Circumstances, Store};
use event_store::{Claim, EventLog, Idempotency, Loaded, LogError, Outcome};

use super::tenants::Known;
use super::{Answer, CommandError, CommandRequest, Executor, Extra, TICKET_NUMBER};

/// How often a command is decided again before the caller is told to try later.
pub(super) const ATTEMPTS: usize = 100;
/// Stands for the number of a ticket while it is being decided whether it is opened at all.
const UNNUMBERED: &str = "-";

/// One command on its way.
pub(super) struct Attempt<'a> {
    pub(super) executor: &'a Executor,
    pub(super) request: &'a CommandRequest,
    pub(super) command: &'a TicketCommand,
    pub(super) tenant: &'a Known,
    pub(super) id: String,
}

impl Attempt<'_> {
    fn log(&self) -> &EventLog {
        &self.executor.0.log
    }

    fn tenant_id(&self) -> TenantId {
        self.request.principal.tenant
    }

    pub(super) async fn load(&self) -> Result<Loaded<Ticket>, CommandError> {
        Ok(self.log().load::<Ticket>(self.tenant_id(), &self.id).await?)
    }

    /// Decides and appends until it holds.
    pub(super) async fn again(&self, mut loaded: Loaded<Ticket>) -> Result<Answer, CommandError> {
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
            let metadata = serde_json::to_string(&metadata).map_err(LogError::from)?;
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
            answer: serde_json::to_value(extra).map_err(LogError::from)?,
            status: extra.status(),
        }))
    }
}

/// Somebody was faster: decide again.
struct Again;
