//! What can be asked about a tenant's policies and calendars: as its events in the log tell, so what was
//! just changed is there, and what once held as well.

pub(crate) mod calendar;
pub(crate) mod calendars;
pub(crate) mod configuration;
pub(crate) mod history;
pub(crate) mod policies;
pub(crate) mod policy;

use domain::event::{Event, SLA};
use domain::ids::{Position, TenantId, Version};
use domain::sla::Governing;
use utoipa::IntoParams;

use crate::QueryApi;
use crate::as_of::AsOf;
use crate::asking::Asking;
use crate::error::QueryError;
use crate::log::{self, Fact};
use crate::snapshot::{Snapshot, Source};

/// The path's parameter.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it documents what the handlers read")]
pub(crate) struct KeyPath {
    /// The key of a policy or calendar.
    #[param(example = "office")]
    key: String,
}

/// What happened to a tenant's policies and calendars, in order.
pub(crate) async fn changes(
    api: &QueryApi,
    snapshot: &mut Snapshot,
    tenant: TenantId,
) -> Result<Vec<Fact>, sqlx::Error> {
    let logged = log::history(snapshot, SLA, &tenant.to_string()).await?;
    Ok(logged.into_iter().map(|one| one.read(&api.0.upcasters)).collect())
}

/// Takes in an event of a tenant's policies and calendars; says whether other rules hold from here on. One
/// that can't be read changes nothing.
pub(crate) fn take(governing: &mut Governing, fact: &Fact) -> bool {
    match &fact.event {
        Some(Event::Sla(event)) => governing.apply(event.clone(), Version(fact.logged.sequence)),
        _ => false,
    }
}

/// What holds, or held, for the caller's tenant, and the position that says so.
async fn governing(
    api: &QueryApi,
    asking: &Asking,
    as_of: AsOf,
) -> Result<(Position, Governing), QueryError> {
    let mut snapshot = api.snapshot(asking, Source::Log).await?;
    as_of.check(api.0.clock.now(), snapshot.position)?;
    let changes = changes(api, &mut snapshot, asking.principal.tenant).await?;
    let position = snapshot.position;
    snapshot.close().await?;
    let mut governing = Governing::default();
    for fact in changes.iter().filter(|fact| as_of.includes(fact)) {
        take(&mut governing, fact);
    }
    Ok((position, governing))
}
