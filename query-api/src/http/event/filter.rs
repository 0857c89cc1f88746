//! Which events: the same parameters on every way to follow them.

use domain::identity::Principal;
use utoipa::IntoParams;

use crate::error::QueryError;
use crate::follow::Filter;
use crate::http::ticket::{Reference, find};
use crate::log::AGGREGATES;
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::snapshot::Snapshot;

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
            r#type: parameters.many("type")?,
            aggregate: parameters.among("aggregate", AGGREGATES)?,
            subject: parameters.many("subject")?,
        })
    }
}

impl EventFilter {
    /// With ids for the numbers of tickets; of one that the caller doesn't know, 404.
    pub(super) async fn resolve(
        self,
        snapshot: &mut Snapshot,
        caller: &Principal,
    ) -> Result<Filter, QueryError> {
        let mut subjects = Vec::with_capacity(self.subject.len());
        for subject in self.subject {
            let id = match Reference::parse(subject)? {
                Reference::Id(id) => id,
                number @ Reference::Number(_) => find(snapshot, caller, &number).await?.id,
            };
            subjects.push(id.to_string());
        }
        Ok(Filter { types: self.r#type, aggregates: self.aggregate, subjects })
    }
}
