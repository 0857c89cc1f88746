//! `GET /v1/tickets/{id}/attachments`: the files of one ticket.

mod export;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::identity::Principal;
use serde::Serialize;
use service_kit::http::Path;
use sqlx::{Postgres, QueryBuilder};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Reference, TicketPath};
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::cursor::{self, Binding};
use crate::error::QueryError;
use crate::export::{self as exports, Accepted};
use crate::http::refusals::Refusals;
use crate::page::{Page, PageQuery};
use crate::snapshot::{ReadModel, Source};
use crate::time::Time;
use crate::total::Total;

/// A file of a message.
#[derive(Clone, Debug, Serialize, ToSchema, sqlx::FromRow)]
#[schema(as = Attachment)]
pub(crate) struct AttachmentView {
    /// Its id.
    id: Uuid,
    /// The message that it belongs to.
    message_id: Uuid,
    /// The file's name.
    #[schema(example = "printer.jpg")]
    name: String,
    /// Its media type.
    #[schema(example = "image/jpeg")]
    content_type: String,
    /// Its size in bytes.
    #[schema(example = 48213)]
    size: i64,
    /// It belongs to a note.
    #[schema(example = false)]
    internal: bool,
    /// When it was added.
    created_at: Time,
    /// The position of the event that added it.
    #[schema(example = 4711)]
    position: i64,
    /// Its place among the files of that event.
    #[serde(skip)]
    ordinal: i16,
}

/// The files of a ticket's messages, in the order in which they came.
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets all of it as a file; `limit`, `cursor` and
/// `count` aren't taken then.
#[utoipa::path(
    get, path = "/v1/tickets/{id}/attachments", operation_id = "get_attachments", tag = "Tickets",
    params(TicketPath, PageQuery, Freshness),
    responses(
        (status = 200, description = "A page of files; or all of it, as a file.", content(
            (Page<AttachmentView> = "application/json"),
            (String = "text/csv", example = "id,message_id,name,…\r\n"),
            (AttachmentView = "application/x-ndjson"),
        )),
        Refusals,
    ),
)]
pub(crate) async fn get_attachments(
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
    let binding = Binding::new("attachments", &(asking.view(), ticket));
    let after: Option<(i64, i16)> = query.after(&api.0.cursor_key, &binding)?;

    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(FIELDS);
    push_from(&mut sql, caller, ticket);
    if let Some((position, ordinal)) = after {
        sql.push(" AND (f.position, f.ordinal) > (")
            .push_bind(position)
            .push(", ")
            .push_bind(ordinal)
            .push(")");
    }
    sql.push(" ORDER BY f.position, f.ordinal LIMIT ").push_bind(query.limit.probe());
    let rows: Vec<AttachmentView> = sql.build_query_as().fetch_all(&mut *snapshot.tx).await?;
    let mut total = None;
    if query.count {
        let mut sql = Total::count();
        push_from(&mut sql, caller, ticket);
        total = Some(Total::of(&mut snapshot, sql).await?);
    }
    let position = snapshot.position;
    snapshot.close().await?;
    let page = Page::cut(rows, query.limit, total, |last| {
        cursor::seal(&api.0.cursor_key, &binding, &(last.position, last.ordinal))
    });
    Ok(Answer::at(position, page).into_response())
}

/// The columns of `read.attachments AS f`.
const FIELDS: &str =
    "f.id, f.message_id, f.name, f.content_type, f.size, f.internal, f.created_at, f.position, f.ordinal";

fn push_from(sql: &mut QueryBuilder<'_, Postgres>, caller: &Principal, ticket: Uuid) {
    sql.push(" FROM read.attachments AS f WHERE f.tenant_id = ").push_bind(caller.tenant.0);
    sql.push(" AND f.ticket_id = ").push_bind(ticket);
    if !caller.sees_notes() {
        sql.push(" AND NOT f.internal");
    }
}
