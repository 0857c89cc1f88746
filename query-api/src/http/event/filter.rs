//! Which events: the same parameters on every way to follow them.

use domain::identity::Principal;
use utoipa::IntoParams;

use crate::QueryApi;
use crate::error::QueryError;
use crate::follow::Filter;
use crate::http::ticket::{Reference, resolve};
use crate::log::{self, AGGREGATES};
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::snapshot::Snapshot;
use crate::visibility::Tickets;

/// Which events.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventFilter {
    /// Only these types, for example `TicketOpened,TicketResolved`.
    #[param(required = false)]
    r#type: Vec<String>,
    /// Only what happened to such things: `ticket`, `tenant`, `sla`, `export`.
    #[param(required = false, example = "ticket")]
    aggregate: Vec<String>,
    /// Only what happened to these things, by their ids; tickets by their numbers too.
    #[param(required = false, example = "TKT-00000001")]
    subject: Vec<String>,
}

impl FromParameters for EventFilter {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        Ok(Self {
            r#type: parameters.words("type")?,
            aggregate: parameters.among("aggregate", AGGREGATES)?,
            subject: parameters.words("subject")?,
        })
    }
}

impl EventFilter {
    /// With subjects by their ids. A number that nobody has is refused, and so is what the caller may not
    /// know of, whichever way it is named.
    pub(super) async fn resolve(
        self,
        api: &QueryApi,
        snapshot: &mut Snapshot,
        caller: &Principal,
    ) -> Result<Filter, QueryError> {
        let mut subjects = Vec::with_capacity(self.subject.len());
        for subject in self.subject {
            subjects.push(resolve(snapshot, &Reference::parse(subject)?).await?.to_string());
        }
        if !subjects.is_empty() {
            let tickets = Tickets::read(snapshot, &api.0.upcasters, subjects.clone()).await?;
            let hidden: Vec<_> = subjects.iter().filter(|id| !tickets.visible(id, caller)).cloned().collect();
            if !log::are_no_tickets(snapshot, &hidden).await? {
                return Err(QueryError::NotFound);
            }
        }
        Ok(Filter { types: self.r#type, aggregates: self.aggregate, subjects })
    }
}
