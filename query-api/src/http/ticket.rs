//! What can be asked about tickets.

pub(crate) mod activity;
pub(crate) mod assignments;
pub(crate) mod attachments;
pub(crate) mod get;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod messages;
mod parked;
mod replay;
pub(crate) mod row;
pub(crate) mod sla;
mod standing;
mod view;

use domain::event::TICKET;
use domain::identity::Principal;
use domain::ids::Position;
use sqlx::QueryBuilder;
use utoipa::IntoParams;
use uuid::Uuid;

use self::replay::Replay;
use self::row::{COLUMNS, TicketRow};
use crate::QueryApi;
use crate::asking::Asking;
use crate::error::QueryError;
use crate::log::{self, Fact};
use crate::snapshot::{Snapshot, Source};
use crate::visibility::{Tickets, push_visibility};

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

/// The ids of tickets by their numbers, as the log has them; those that aren't there are left out.
pub(crate) async fn numbered(snapshot: &mut Snapshot, numbers: &[String]) -> Result<Vec<Uuid>, sqlx::Error> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let ids = sqlx::query_scalar!(r#"SELECT ticket_id AS "id!" FROM log_tickets($1)"#, numbers)
        .fetch_all(&mut *snapshot.tx)
        .await?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

/// The id of the ticket that is named. One named by its id may not be there.
pub(crate) async fn resolve(snapshot: &mut Snapshot, reference: &Reference) -> Result<Uuid, QueryError> {
    match reference {
        Reference::Id(id) => Ok(*id),
        Reference::Number(number) => {
            let found = numbered(snapshot, std::slice::from_ref(number)).await?;
            found.into_iter().next().ok_or(QueryError::NotFound)
        }
    }
}

impl QueryApi {
    /// The ticket, and the transaction that shows it. One that the read model doesn't show yet, or not yet
    /// to this caller, is waited for: it isn't missing.
    pub(crate) async fn find(
        &self,
        asking: &Asking,
        source: Source,
        reference: &Reference,
    ) -> Result<(Snapshot, TicketRow), QueryError> {
        let mut snapshot = self.snapshot(asking, source).await?;
        match find(&mut snapshot, &asking.principal, reference).await {
            Err(QueryError::NotFound) => self.heed_parked(&mut snapshot, asking, reference).await?,
            found => return shown(snapshot, found?, asking),
        }
        let known = self.known_at(&mut snapshot, &asking.principal, reference).await?;
        snapshot.close().await?;
        let later = asking.clone().at_least(known);
        let mut snapshot = match self.snapshot(&later, source).await {
            // Where the ticket's last event is may be where something internal is.
            Err(QueryError::NotYetVisible { at, .. }) if !asking.principal.is_staff() => {
                return Err(QueryError::NotYetVisible { wanted: at.next(), at });
            }
            snapshot => snapshot?,
        };
        let row = find(&mut snapshot, &asking.principal, reference).await?;
        shown(snapshot, row, asking)
    }

    /// Refuses a ticket that isn't shown because it is parked, to those who may know of it.
    async fn heed_parked(
        &self,
        snapshot: &mut Snapshot,
        asking: &Asking,
        reference: &Reference,
    ) -> Result<(), QueryError> {
        let caller = &*asking.principal;
        let id = resolve(snapshot, reference).await?;
        let parked = parked::read(snapshot, caller.tenant, id).await?;
        let Some((position, since)) = parked::first_of(&parked, snapshot.models) else { return Ok(()) };
        let id = id.to_string();
        let tickets = Tickets::read(snapshot, &self.0.upcasters, vec![id.clone()]).await?;
        if tickets.visible(&id, caller) {
            return Err(QueryError::Parked { wanted: position, at: Position(position.0 - 1), since });
        }
        Ok(())
    }

    /// The same for what reads the ticket later: at a position that shows it.
    pub(crate) async fn awaiting(
        &self,
        asking: Asking,
        source: Source,
        reference: &Reference,
    ) -> Result<Asking, QueryError> {
        let (snapshot, _) = self.find(&asking, source, reference).await?;
        let position = snapshot.position;
        snapshot.close().await?;
        Ok(asking.at_least(position))
    }

    /// The position by which a ticket shows that the log has beyond what the read model shows, if the caller
    /// may know of it by then.
    async fn known_at(
        &self,
        snapshot: &mut Snapshot,
        caller: &Principal,
        reference: &Reference,
    ) -> Result<Position, QueryError> {
        let id = resolve(snapshot, reference).await?.to_string();
        let last = log::last_position(snapshot, TICKET, &id).await?.filter(|last| *last > snapshot.position);
        let Some(last) = last else { return Err(QueryError::NotFound) };
        let tickets = Tickets::read(snapshot, &self.0.upcasters, vec![id.clone()]).await?;
        if tickets.visible(&id, caller) { Ok(last) } else { Err(QueryError::NotFound) }
    }
}

/// A ticket that was found, unless it is parked before the position that the caller asked for.
fn shown(snapshot: Snapshot, row: TicketRow, asking: &Asking) -> Result<(Snapshot, TicketRow), QueryError> {
    let wanted = asking.min_position.unwrap_or(Position::START);
    let parked = row.parked.as_ref().and_then(|parked| parked::first_of(&parked.0, snapshot.models));
    match parked {
        Some((_, since)) if snapshot.position < wanted => {
            Err(QueryError::Parked { wanted, at: snapshot.position, since })
        }
        _ => Ok((snapshot, row)),
    }
}

/// The ticket, if it is there and the caller may know of it. What isn't shown of it the snapshot's position
/// doesn't claim from then on.
pub(crate) async fn find(
    snapshot: &mut Snapshot,
    caller: &Principal,
    reference: &Reference,
) -> Result<TicketRow, QueryError> {
    let id = resolve(snapshot, reference).await?;
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS).push(" FROM read.tickets AS t WHERE t.tenant_id = ").push_bind(caller.tenant.0);
    sql.push(" AND t.id = ").push_bind(id);
    push_visibility(caller, &mut sql);
    let found: Option<TicketRow> = sql.build_query_as().fetch_optional(&mut *snapshot.tx).await?;
    let row = found.ok_or(QueryError::NotFound)?;
    if let Some(parked) = &row.parked
        && let Some((first, _)) = parked::first_of(&parked.0, snapshot.models)
    {
        snapshot.position = snapshot.position.min(Position(first.0 - 1));
    }
    Ok(row)
}

/// The ticket's events, from its opening, if the caller may know of it. They say all together who may,
/// so whoever may see the ticket now may see its past, and nobody else.
pub(crate) async fn past(
    api: &QueryApi,
    snapshot: &mut Snapshot,
    caller: &Principal,
    reference: &Reference,
) -> Result<(Uuid, Vec<Fact>), QueryError> {
    let id = resolve(snapshot, reference).await?;
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
