//! Commands on a tenant's policies and calendars.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::identity::Principal;
use domain::ids::TenantId;
use domain::sla::event::SlaEvent;
use domain::sla::{Sla, SlaCommand};
use event_store::Loaded;

use super::answer::{Extra, Reply};
use super::attempt::{Attempt, Decision};
use super::{Answer, CommandError, CommandRequest, Executor};

impl Decision for SlaCommand {
    type Aggregate = Sla;

    fn decide(&self, sla: &Sla, _: DateTime<Utc>) -> Result<Vec<SlaEvent>, CommandError> {
        Ok(self.decide(sla)?)
    }

    fn reply(&self, _: &Loaded<Self::Aggregate>, events: &[SlaEvent]) -> Reply {
        let holidays = match self {
            Self::ImportHolidays(import) => Some(import.report(events)),
            _ => None,
        };
        let extra = Extra { key: Some(self.key().to_owned()), holidays, ..Extra::default() };
        match self {
            Self::AddPolicy(_) | Self::AddCalendar(_) => Reply::created(extra),
            _ => Reply::done(extra),
        }
    }
}

impl Executor {
    /// Carries out a command on the policies and calendars of the caller's tenant. All of them are one
    /// stream, whose id is the tenant's; its version is that of the whole.
    pub async fn configure_sla(
        &self,
        request: &CommandRequest,
        command: &SlaCommand,
    ) -> Result<Answer, CommandError> {
        self.watched(command.operation().name(), self.run_sla(request, command)).await
    }

    async fn run_sla(&self, request: &CommandRequest, command: &SlaCommand) -> Result<Answer, CommandError> {
        let tenant = request.principal.tenant;
        self.0.tenants.get(tenant).await?;
        request.principal.may(command.operation())?;
        let _at_work = self.begin(tenant, request)?;
        let command = &*self.prepared_sla(&request.principal, command).await?;
        let attempt = Attempt { executor: self, request, decision: command, id: tenant.to_string() };
        let _turn = self.0.turns.at(&tenant).await;
        let loaded = attempt.load().await?;
        attempt.again(loaded).await
    }

    /// The command with its file read, which is done once, however often it is decided, and before it is its
    /// turn.
    async fn prepared_sla<'a>(
        &self,
        caller: &Principal,
        command: &'a SlaCommand,
    ) -> Result<Cow<'a, SlaCommand>, CommandError> {
        let SlaCommand::ImportHolidays(import) = command else { return Ok(Cow::Borrowed(command)) };
        let import = import.clone();
        let read = self.0.blocking.run(caller, move |stop| import.read(stop)).await?;
        if read.is_stopped() { Err(CommandError::Overloaded) } else { Ok(Cow::Owned(read.into())) }
    }

    /// A tenant's policies and calendars as they stand in the log at this moment.
    pub(crate) async fn sla(&self, tenant: TenantId) -> Result<Sla, CommandError> {
        self.0.tenants.get(tenant).await?;
        let id = tenant.to_string();
        self.0.log.forget(tenant, domain::event::SLA, &id);
        let loaded = self.0.log.load::<Sla>(tenant, &id).await?;
        Ok(Sla::clone(&loaded.aggregate))
    }
}
