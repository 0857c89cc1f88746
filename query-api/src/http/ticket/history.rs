//! `GET /v1/tickets/{id}/history`: the raw events of one ticket.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use service_kit::http::Path;

use super::{Reference, TicketPath, past};
use crate::QueryApi;
use crate::asking::{Asked, Asking, Freshness};
use crate::cursor::Binding;
use crate::error::QueryError;
use crate::export::Accepted;
use crate::http::event_view::CloudEvent;
use crate::http::history;
use crate::http::refusals::Refusals;
use crate::page::{Page, PageQuery};
use crate::snapshot::Source;

/// The events of a ticket, from its opening, as the log holds them; old versions in their present form.
///
/// What is internal is there for those with `notes.read` alone. Texts that were taken out of sight are
/// empty.
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets all of them as a file; `limit`, `cursor` and
/// `count` aren't taken then.
#[utoipa::path(
    get, path = "/v1/tickets/{id}/history", operation_id = "get_history", tag = "Tickets",
    params(TicketPath, PageQuery, Freshness),
    responses(
        (status = 200, description = "A page of events; or all of them, as a file.", content(
            (Page<CloudEvent> = "application/json"),
            (String = "text/csv", example = "specversion,id,source,type,…\r\n"),
            (CloudEvent = "application/x-ndjson"),
        )),
        Refusals,
    ),
)]
pub(crate) async fn get_history(
    State(api): State<QueryApi>,
    asking: Asking,
    Path(id): Path<String>,
    Accepted(file): Accepted,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, QueryError> {
    if file.is_some() {
        query.whole()?;
    }
    let reference = Reference::parse(id)?;
    let mut snapshot = api.snapshot(&asking, Source::Log).await?;
    let (ticket, facts) = past(&api, &mut snapshot, &asking.principal, &reference).await?;
    if let Some(file) = file {
        return history::file(&api, snapshot, &asking, file, "history", facts).await;
    }
    let binding = Binding::new("history", &(asking.view(), ticket));
    history::page(&api, snapshot, &asking, query, binding, facts).await.map(IntoResponse::into_response)
}
