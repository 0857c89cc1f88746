//! `GET /v1/tickets/{id}`: one ticket, as it is or as it was.

use axum::extract::State;
use service_kit::http::Path;
use uuid::Uuid;

use super::replay::Replay;
use super::standing;
use super::view::TicketView;
use super::{Reference, TicketPath, past};
use crate::QueryApi;
use crate::answer::Answer;
use crate::as_of::{AsOf, AsOfParameter};
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::http::refusals::Refusals;
use crate::snapshot::{Snapshot, Source};

/// One ticket, as it is or as it was.
///
/// With `as_of` it is folded from the log, event by event, up to that moment: 404 before it was
/// opened, 422 `as_of_in_future` for a moment that hasn't come. `sla` isn't there then: how the clocks
/// stood is what `/v1/tickets/{id}/sla` tells.
#[utoipa::path(
    get, path = "/v1/tickets/{id}", operation_id = "get_ticket", tag = "Tickets",
    params(TicketPath, AsOfParameter, Freshness),
    responses(
        (status = 200, description = "The ticket; `ETag` is its version.", body = TicketView,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 422, description = "`as_of_in_future`", body = service_kit::problem::ProblemSchema,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(crate) async fn get_ticket(
    State(api): State<QueryApi>,
    asking: Asking,
    Path(id): Path<String>,
    Asked(as_of): Asked<AsOf>,
) -> Result<Answer<TicketView>, QueryError> {
    let reference = Reference::parse(id)?;
    let caller = &*asking.principal;
    let (position, row, standing) = if as_of.is_now() {
        let models = Source::Models(standing::beside_tickets(caller));
        let (mut snapshot, row) = api.find(&asking, models, &reference).await?;
        let standing = standing::of(&mut snapshot, caller, &[row.id]).await?.remove(&row.id);
        let position = snapshot.position;
        snapshot.close().await?;
        (position, row, standing)
    } else {
        let mut snapshot = api.snapshot(&asking, Source::Log).await?;
        let (id, replay) = replayed(&api, &mut snapshot, &asking, &reference, as_of).await?;
        let position = snapshot.position;
        snapshot.close().await?;
        (position, replay.row(id), None)
    };
    let view = TicketView::new(row, standing, caller);
    let version = view.version();
    Ok(Answer::at(position, view).version(version))
}

async fn replayed(
    api: &QueryApi,
    snapshot: &mut Snapshot,
    asking: &Asking,
    reference: &Reference,
    as_of: AsOf,
) -> Result<(Uuid, Replay), QueryError> {
    as_of.check(api.0.clock.now(), snapshot.position)?;
    let (id, facts) = past(api, snapshot, &asking.principal, reference).await?;
    let mut then = Replay::default();
    for fact in facts.iter().filter(|fact| as_of.includes(fact)) {
        then.take(fact);
    }
    if then.ticket.exists() { Ok((id, then)) } else { Err(QueryError::NotFound) }
}
