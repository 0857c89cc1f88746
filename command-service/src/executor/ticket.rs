//! Commands on a ticket.

use chrono::{DateTime, Utc};
use domain::identity::Principal;
use domain::ids::Version;
use domain::ticket::{Context, Ticket, TicketCommand, TicketError, TicketEvent};
use event_store::{Claim, Loaded};

use super::answer::{Extra, PublicStanding, Reply};
use super::attempt::Decision;
use super::tenants::Known;
use super::{CommandError, Executor, TICKET_NUMBER};

/// Stands for the number of a ticket while it is being decided whether it is opened at all.
const UNNUMBERED: &str = "-";

/// A command on a ticket, by somebody, in a tenant.
pub(super) struct OnTicket<'a> {
    pub(super) executor: &'a Executor,
    pub(super) principal: &'a Principal,
    pub(super) command: &'a TicketCommand,
    pub(super) tenant: &'a Known,
}

impl Decision for OnTicket<'_> {
    type Aggregate = Ticket;

    fn decide(&self, ticket: &Ticket, now: DateTime<Utc>) -> Result<Vec<TicketEvent>, CommandError> {
        let context = Context {
            now,
            actor: self.principal,
            settings: &self.tenant.settings,
            ids: &*self.executor.0.ids,
            number: Some(UNNUMBERED),
        };
        Ok(self.command.decide(ticket, &context)?)
    }

    /// Gives a ticket that is being opened its number, which the append claims. Only now, so that
    /// commands that are refused leave no holes in the sequence.
    async fn claim(
        &self,
        events: &mut [TicketEvent],
        date: DateTime<Utc>,
    ) -> Result<Vec<Claim>, CommandError> {
        let Some(TicketEvent::TicketOpened(opened)) = events.first_mut() else {
            return Ok(Vec::new());
        };
        let numbers = &self.tenant.numbers;
        let log = &self.executor.0.log;
        let sequence = log.next_number(self.principal.tenant, &numbers.period(date)).await?;
        opened.number = numbers.render(sequence, date);
        Ok(vec![Claim { kind: TICKET_NUMBER, value: opened.number.clone() }])
    }

    /// Whoever may not know of the ticket doesn't learn its version.
    fn mismatch(&self, loaded: &Loaded<Ticket>) -> CommandError {
        let ticket = &loaded.aggregate;
        let hidden = if ticket.exists() {
            !ticket.visible_to(self.principal)
        } else {
            !matches!(self.command, TicketCommand::Open(_))
        };
        if hidden {
            return TicketError::NotFound.into();
        }
        CommandError::VersionMismatch { actual: self.version(loaded) }
    }

    /// Customers count what they may know of.
    fn version(&self, loaded: &Loaded<Ticket>) -> Version {
        if self.principal.is_staff() { loaded.version } else { loaded.aggregate.public_version() }
    }

    fn reply(&self, loaded: &Loaded<Ticket>, events: &[TicketEvent]) -> Reply {
        let mut reply = made(events);
        if !self.principal.is_staff() {
            let made = events.iter().filter(|event| !event.is_internal()).count() as i64;
            let version = Version(loaded.aggregate.public_version().0 + made);
            reply.extra.public = Some(PublicStanding { version, position: None });
        }
        reply
    }
}

/// The answer to a command that made these events.
fn made(events: &[TicketEvent]) -> Reply {
    match events.first() {
        Some(TicketEvent::TicketOpened(event)) => {
            Reply::created(Extra { number: Some(event.number.clone()), ..Extra::default() })
        }
        Some(TicketEvent::ReplyAdded(event)) => {
            Reply::done(Extra { message_id: Some(event.message_id), ..Extra::default() })
        }
        Some(TicketEvent::NoteAdded(event)) => {
            Reply::done(Extra { message_id: Some(event.message_id), ..Extra::default() })
        }
        _ => Reply::done(Extra::default()),
    }
}
