//! `GET /v1/tickets/{id}/history`: the raw events of one ticket.

use axum::extract::State;
use service_kit::http::Path;

use super::{Reference, TicketPath, past};
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::cursor::{self, Binding};
use crate::error::QueryError;
use crate::follow::shown;
use crate::http::event_view::CloudEvent;
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
    let caller = &*asking.principal;
    let (ticket, facts) = past(&api, &mut snapshot, caller, &reference).await?;
    let binding = Binding::new("history", &(asking.view(), ticket));
    let after: i64 = query.after(&api.0.cursor_key, &binding)?.unwrap_or(0);
    let events = shown(&api, &mut snapshot, caller, facts).await?;
    let position = snapshot.position;
    snapshot.close().await?;
    let total = query.count.then_some(events.len() as i64);
    let rest =
        events.into_iter().filter(|event| event.version > after).take(query.limit.rows() + 1).collect();
    let page = Page::cut(rest, query.limit, total, |last: &CloudEvent| {
        cursor::seal(&api.0.cursor_key, &binding, &last.version)
    });
    Ok(Answer::at(position, page))
}
