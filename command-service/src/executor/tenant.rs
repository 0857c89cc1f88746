//! Creates tenants, and changes what their statistics are reckoned by.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::identity::{Denied, Operation};
use domain::ids::{Position, TenantId, Version};
use domain::tenant::{ChangeReporting, CreateTenant, Tenant, TenantError, TenantEvent};
use event_store::store::{Circumstances, Store};
use event_store::{Loaded, LogError, Outcome};
use service_kit::problem::{FieldError, Problem};

use super::answer::{Extra, Reply};
use super::attempt::{ATTEMPTS, Attempt, Decision};
use super::{Answer, CommandError, CommandRequest, Executor};

/// What the creation of a tenant is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenantAnswer {
    /// The tenant.
    pub id: TenantId,
    /// Its version.
    pub version: Version,
    /// The position of its last event, or of the log's head if it was there already.
    pub position: Position,
    /// It wasn't there before.
    pub created: bool,
}

/// Why a tenant wasn't created.
#[derive(Debug, thiserror::Error)]
pub enum TenantRequestError {
    /// The caller's roles don't allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The parent isn't there.
    #[error("there is no such parent")]
    UnknownParent,
    /// The domain refused it.
    #[error(transparent)]
    Refused(#[from] TenantError),
    /// Others were faster, again and again.
    #[error("too many writers at once")]
    Contended,
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Executor {
    /// Creates a tenant. The same one again is nothing to do, so this needs no idempotency key.
    pub async fn create_tenant(
        &self,
        request: &CommandRequest,
        command: &CreateTenant,
    ) -> Result<TenantAnswer, TenantRequestError> {
        request.principal.may(Operation::CreateTenant)?;
        if let Some(parent) = command.parent
            && !self.0.log.load::<Tenant>(parent, &parent.to_string()).await?.aggregate.exists()
        {
            return Err(TenantRequestError::UnknownParent);
        }
        let tenant = TenantId::of_key(&command.key);
        let id = tenant.to_string();
        let store = Store::<Tenant>::new(self.0.log.clone(), tenant, self.0.ids.clone());
        for _ in 0..ATTEMPTS {
            let loaded = self.0.log.load::<Tenant>(tenant, &id).await?;
            let events = command.decide(&loaded.aggregate)?;
            let metadata = request.metadata(self.0.clock.now());
            let metadata = serde_json::to_string(&metadata).map_err(LogError::from)?;
            let circumstances = Circumstances { command_id: request.command_id, ..Circumstances::default() };
            let appended = store.append(&id, &loaded, &events, metadata.into(), circumstances).await?;
            if let Outcome::Appended { version, position, .. } = appended {
                return Ok(TenantAnswer { id: tenant, version, position, created: !events.is_empty() });
            }
        }
        Err(TenantRequestError::Contended)
    }
}

impl Decision for ChangeReporting {
    type Aggregate = Tenant;

    fn decide(&self, tenant: &Tenant, _: DateTime<Utc>) -> Result<Vec<TenantEvent>, CommandError> {
        Ok(self.decide(tenant)?)
    }

    fn reply(&self, _: &Loaded<Self::Aggregate>, _: &[TenantEvent]) -> Reply {
        Reply::done(Extra::default())
    }
}

impl Executor {
    /// Changes what the statistics of the caller's tenant are reckoned by.
    pub async fn change_reporting(
        &self,
        request: &CommandRequest,
        patch: serde_json::Map<String, serde_json::Value>,
    ) -> Result<Answer, CommandError> {
        self.watched(Operation::ChangeTenant.name(), self.run_reporting(request, patch)).await
    }

    async fn run_reporting(
        &self,
        request: &CommandRequest,
        patch: serde_json::Map<String, serde_json::Value>,
    ) -> Result<Answer, CommandError> {
        let tenant = request.principal.tenant;
        request.principal.may(Operation::ChangeTenant)?;
        let calendars = self.sla(tenant).await?.configuration.calendars.keys().cloned().collect();
        let _at_work = self.begin(tenant, request)?;
        let command = ChangeReporting { patch, calendars };
        let attempt = Attempt { executor: self, request, decision: &command, id: tenant.to_string() };
        let loaded = attempt.load().await?;
        attempt.again(loaded).await
    }
}

impl From<TenantRequestError> for Problem {
    fn from(error: TenantRequestError) -> Self {
        let text = error.to_string();
        let invalid = |pointer: &str, code: &'static str| {
            Self::validation(vec![FieldError::new(pointer, code, text.clone())])
        };
        match error {
            TenantRequestError::Denied(_) => Self::forbidden(text),
            TenantRequestError::UnknownParent => invalid("/parent", "unknown_value"),
            TenantRequestError::Refused(refused) => match refused {
                TenantError::NotFound | TenantError::Reporting(_) => CommandError::Tenant(refused).into(),
                TenantError::InvalidKey(_) => invalid("/key", "invalid"),
                TenantError::UnknownProfile { .. } => invalid("/profile", "unknown_value"),
                TenantError::OwnParent => invalid("/parent", "invalid"),
                TenantError::Settings(_) => invalid("", "invalid"),
                TenantError::Exists(_) => {
                    Self::new(StatusCode::CONFLICT, "tenant_exists", "The tenant is there already")
                        .detail(text)
                }
            },
            TenantRequestError::Contended => Self::unavailable(1).detail(text),
            TenantRequestError::Log(log) => super::CommandError::Log(log).into(),
        }
    }
}
