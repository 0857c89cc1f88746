//! `GET /v1/tickets/{id}/history`: the raw events of one ticket.

use axum::extract::State;
use service_kit::http::Path;

use super::{Reference, TicketPath, past};
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::cursor::Binding;
use crate::error::QueryError;
use crate::http::event_view::CloudEvent;
use crate::http::history;
use crate::http::refusals::Refusals;
use crate::page::{Page, PageQuery};
use crate::snapshot::Source;

/// The events of a ticket, from its opening, as the log holds them; old versions in their present form.
///
/// What is internal is there for those with `notes.read` alone. Texts that were taken out of sight are
/// empty.
#[utoipa::path(
    get, path = "/v1/tickets/{id}/history", operation_id = "get_history", tag = "Tickets",
    params(TicketPath, PageQuery, Freshness),
    responses((status = 200, description = "A page of events.", body = Page<CloudEvent>), Refusals),
)]
pub(crate) async fn get_history(
    State(api): State<QueryApi>,
    asking: Asking,
    Path(id): Path<String>,
    Asked(query): Asked<PageQuery>,
) -> Result<Answer<Page<CloudEvent>>, QueryError> {
    let reference = Reference::parse(id)?;
    let mut snapshot = api.snapshot(&asking, Source::Log).await?;
    let (ticket, facts) = past(&api, &mut snapshot, &asking.principal, &reference).await?;
    let binding = Binding::new("history", &(asking.view(), ticket));
    history::page(&api, snapshot, &asking, query, binding, facts).await
}
