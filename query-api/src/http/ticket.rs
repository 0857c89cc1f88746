//! What can be asked about tickets.

pub(crate) mod activity;
pub(crate) mod assignments;
pub(crate) mod attachments;
pub(crate) mod get;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod messages;
mod replay;
pub(crate) mod row;
pub(crate) mod sla;
mod standing;
mod view;

use domain::event::TICKET;
use domain::identity::Principal;
use sqlx::QueryBuilder;
use utoipa::IntoParams;
use uuid::Uuid;

use self::replay::Replay;
use self::row::{COLUMNS, TicketRow};
use crate::QueryApi;
use crate::error::QueryError;
use crate::log::{self, Fact};
use crate::snapshot::Snapshot;
use crate::visibility::push_visibility;

/// The path's parameter.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it documents what `Reference` reads")]
pub(crate) struct TicketPath {
    /// The ticket's id or its number.
    #[param(example = "TKT-00000001")]
    id: String,
}

/// How a path names a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    Id(Uuid),
    Number(String),
}

impl Reference {
    /// Anything that isn't a UUID is taken for a number. Postgres has no room for NUL, so no ticket
    /// has such a number.
    pub(crate) fn parse(text: String) -> Result<Self, QueryError> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) if text.contains('\0') => Err(QueryError::NotFound),
            Err(_) => Ok(Self::Number(text)),
        }
    }
}

/// The ticket, if it is there and the caller may know of it.
pub(crate) async fn find(
    snapshot: &mut Snapshot,
    caller: &Principal,
    reference: &Reference,
) -> Result<TicketRow, QueryError> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS).push(" FROM read.tickets AS t WHERE t.tenant_id = ").push_bind(caller.tenant.0);
    match reference {
        Reference::Id(id) => sql.push(" AND t.id = ").push_bind(id),
        Reference::Number(number) => sql.push(" AND t.number = ").push_bind(number),
    };
    push_visibility(caller, &mut sql);
    let found = sql.build_query_as().fetch_optional(&mut *snapshot.tx).await?;
    found.ok_or(QueryError::NotFound)
}

/// The ticket's events, from its opening, if the caller may know of it. They say all together who may,
/// so whoever may see the ticket now may see its past, and nobody else.
pub(crate) async fn past(
    api: &QueryApi,
    snapshot: &mut Snapshot,
    caller: &Principal,
    reference: &Reference,
) -> Result<(Uuid, Vec<Fact>), QueryError> {
    let id = match reference {
        Reference::Id(id) => *id,
        Reference::Number(_) => find(snapshot, caller, reference).await?.id,
    };
    let logged = log::history(snapshot, TICKET, &id.to_string()).await?;
    let facts: Vec<Fact> = logged.into_iter().map(|one| one.read(&api.0.upcasters)).collect();
    let mut now = Replay::default();
    for fact in &facts {
        now.take(fact);
    }
    let visible = now.ticket.exists() && now.ticket.visible_to(caller);
    if visible { Ok((id, facts)) } else { Err(QueryError::NotFound) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_an_id_or_a_number() {
        assert_eq!(Reference::parse(Uuid::nil().to_string()).unwrap(), Reference::Id(Uuid::nil()));
        assert_eq!(Reference::parse("TKT-1".into()).unwrap(), Reference::Number("TKT-1".into()));
        assert!(Reference::parse("TKT\0".into()).is_err());
    }
}
