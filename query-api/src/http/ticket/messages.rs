//! `GET /v1/tickets/{id}/messages`: the conversation.

mod beside;
mod export;
mod view;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::identity::Principal;
use service_kit::http::Path;
use sqlx::QueryBuilder;
use uuid::Uuid;

use self::beside::Beside;
use self::view::{MessageRow, MessageView};
use super::{Reference, TicketPath};
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::cursor::{self, Binding};
use crate::error::QueryError;
use crate::export::{self as exports, Accepted};
use crate::http::refusals::Refusals;
use crate::page::{Page, PageQuery};
use crate::snapshot::{ReadModel, Snapshot, Source};
use crate::total::Total;

/// The conversation of a ticket, from its beginning.
///
/// Replies, and notes for those who may read them, as they stand now, with who has read them. Staff
/// also get former texts. The ticket's own description is not among them.
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets all of it as a file; `limit`, `cursor` and
/// `count` aren't taken then.
#[utoipa::path(
    get, path = "/v1/tickets/{id}/messages", operation_id = "get_messages", tag = "Tickets",
    params(TicketPath, PageQuery, Freshness),
    responses(
        (status = 200, description = "A page of messages; or all of it, as a file.", content(
            (Page<MessageView> = "application/json"),
            (String = "text/csv", example = "id,type,internal,…\r\n"),
            (MessageView = "application/x-ndjson"),
        )),
        Refusals,
    ),
)]
pub(crate) async fn get_messages(
    State(api): State<QueryApi>,
    asking: Asking,
    Path(id): Path<String>,
    Accepted(file): Accepted,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, QueryError> {
    let reference = Reference::parse(id)?;
    let models = Source::Models(&[ReadModel::TicketList, ReadModel::Conversation]);
    if let Some(file) = file {
        query.whole()?;
        let asking = api.awaiting(asking, models, &reference).await?;
        return exports::answer(&api, asking, models, export::Whole { reference }, file).await;
    }
    let (mut snapshot, ticket) = api.find(&asking, models, &reference).await?;
    let (caller, ticket) = (&*asking.principal, ticket.id);
    let binding = Binding::new("messages", &(asking.view(), ticket));
    let after: Option<(i64, Uuid)> = query.after(&api.0.cursor_key, &binding)?;

    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(view::COLUMNS);
    push_from(&mut sql, caller, ticket);
    if let Some((position, id)) = after {
        sql.push(" AND (m.position, m.id) > (").push_bind(position).push(", ").push_bind(id).push(")");
    }
    sql.push(" ORDER BY m.position, m.id LIMIT ").push_bind(query.limit.probe());
    let rows: Vec<MessageRow> = sql.build_query_as().fetch_all(&mut *snapshot.tx).await?;
    let page = Page::cut(rows, query.limit, count(&mut snapshot, &query, caller, ticket).await?, |last| {
        cursor::seal(&api.0.cursor_key, &binding, &(last.position, last.id))
    });
    let mut beside = Beside::read(&mut snapshot, caller, &page.items).await?;
    let position = snapshot.position;
    snapshot.close().await?;
    Ok(Answer::at(position, page.map(|row| MessageView::new(row, &mut beside, caller))).into_response())
}

async fn count(
    snapshot: &mut Snapshot,
    query: &PageQuery,
    caller: &Principal,
    ticket: Uuid,
) -> Result<Option<Total>, sqlx::Error> {
    if !query.count {
        return Ok(None);
    }
    let mut sql = Total::count();
    push_from(&mut sql, caller, ticket);
    Total::of(snapshot, sql).await.map(Some)
}

fn push_from(sql: &mut QueryBuilder<'_, sqlx::Postgres>, caller: &Principal, ticket: Uuid) {
    sql.push(" FROM read.messages AS m WHERE m.tenant_id = ").push_bind(caller.tenant.0);
    sql.push(" AND m.ticket_id = ").push_bind(ticket);
    if !caller.sees_notes() {
        sql.push(" AND m.kind = 'comment'");
    }
}
