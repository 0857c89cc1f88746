//! `GET /v1/sla/history`: the raw events of a tenant's policies and calendars.

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::changes;
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

/// What happened to the tenant's policies and calendars, as the log holds it; old versions in their
/// present form.
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets all of them as a file; `limit`, `cursor` and
/// `count` aren't taken then.
#[utoipa::path(
    get, path = "/v1/sla/history", operation_id = "get_sla_history", tag = "Service levels",
    params(PageQuery, Freshness),
    responses(
        (status = 200, description = "A page of events; or all of them, as a file.", content(
            (Page<CloudEvent> = "application/json"),
            (String = "text/csv", example = "specversion,id,source,type,…\r\n"),
            (CloudEvent = "application/x-ndjson"),
        )),
        Refusals,
    ),
)]
pub(crate) async fn get_sla_history(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, QueryError> {
    if file.is_some() {
        query.whole()?;
    }
    let mut snapshot = api.snapshot(&asking, Source::Log).await?;
    let facts = changes(&api, &mut snapshot, asking.principal.tenant).await?;
    if let Some(file) = file {
        return history::file(&api, snapshot, &asking, file, "sla-history", facts).await;
    }
    let binding = Binding::new("sla_history", &asking.view());
    history::page(&api, snapshot, &asking, query, binding, facts).await.map(IntoResponse::into_response)
}
