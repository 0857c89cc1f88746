//! `GET /v1/tickets/{id}/activity`: the audit trail of one ticket.

mod export;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::identity::Principal;
use service_kit::http::Path;
use sqlx::{Postgres, QueryBuilder};
use utoipa::IntoParams;
use uuid::Uuid;

use super::{Reference, TicketPath};
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::cursor::{self, Binding};
use crate::error::QueryError;
use crate::export::{self as exports, Accepted};
use crate::http::activity_view::{ActivityRow, ActivityView, COLUMNS};
use crate::http::refusals::Refusals;
use crate::page::{Page, PageQuery};
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::snapshot::{ReadModel, Source};
use crate::total::Total;
use crate::visibility::push_known;

/// Which lines.
#[derive(Debug)]
pub(crate) struct GetActivity {
    types: Vec<String>,
    page: PageQuery,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents what `GetActivity` reads")]
pub(crate) struct TypeParameter {
    /// Only these, for example `status_changed,assigned`.
    #[param(required = false)]
    r#type: Vec<String>,
}

impl FromParameters for GetActivity {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        Ok(Self { types: parameters.words("type")?, page: PageQuery::take(parameters)? })
    }
}

/// What was done to a ticket, from its beginning: who, when, from where, what it was and what it became.
///
/// Customers get neither what is internal nor others' addresses.
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets all of it as a file; `limit`, `cursor` and
/// `count` aren't taken then.
#[utoipa::path(
    get, path = "/v1/tickets/{id}/activity", operation_id = "get_activity", tag = "Tickets",
    params(TicketPath, TypeParameter, PageQuery, Freshness),
    responses(
        (status = 200, description = "A page of activity; or all of it, as a file.", content(
            (Page<ActivityView> = "application/json"),
            (String = "text/csv", example = "type,field,old_value,…\r\ncreated,status,,…\r\n"),
            (ActivityView = "application/x-ndjson"),
        )),
        Refusals,
    ),
)]
pub(crate) async fn get_activity(
    State(api): State<QueryApi>,
    asking: Asking,
    Path(id): Path<String>,
    Accepted(file): Accepted,
    Asked(query): Asked<GetActivity>,
) -> Result<Response, QueryError> {
    let reference = Reference::parse(id)?;
    let models = Source::Models(&[ReadModel::TicketList, ReadModel::Activity]);
    if let Some(file) = file {
        query.page.whole()?;
        let asking = api.awaiting(asking, models, &reference).await?;
        return exports::answer(&api, asking, models, export::Whole { reference, types: query.types }, file)
            .await;
    }
    let (mut snapshot, ticket) = api.find(&asking, models, &reference).await?;
    let (caller, ticket) = (&*asking.principal, ticket.id);
    let binding = Binding::new("activity", &(asking.view(), ticket, &query.types));
    let after: Option<(i64, i16)> = query.page.after(&api.0.cursor_key, &binding)?;

    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS);
    push_from(&mut sql, caller, ticket, &query.types);
    if let Some((position, ordinal)) = after {
        sql.push(" AND (a.position, a.ordinal) > (")
            .push_bind(position)
            .push(", ")
            .push_bind(ordinal)
            .push(")");
    }
    sql.push(" ORDER BY a.position, a.ordinal LIMIT ").push_bind(query.page.limit.probe());
    let rows: Vec<ActivityRow> = sql.build_query_as().fetch_all(&mut *snapshot.tx).await?;
    let mut total = None;
    if query.page.count {
        let mut sql = Total::count();
        push_from(&mut sql, caller, ticket, &query.types);
        total = Some(Total::of(&mut snapshot, sql).await?);
    }
    let position = snapshot.position;
    snapshot.close().await?;
    let page = Page::cut(rows, query.page.limit, total, |last| {
        cursor::seal(&api.0.cursor_key, &binding, &(last.position, last.ordinal))
    });
    Ok(Answer::at(position, page.map(|row| ActivityView::new(row, caller))).into_response())
}

fn push_from<'a>(
    sql: &mut QueryBuilder<'a, Postgres>,
    caller: &Principal,
    ticket: Uuid,
    types: &'a [String],
) {
    sql.push(" FROM read.activity AS a WHERE a.tenant_id = ").push_bind(caller.tenant.0);
    sql.push(" AND a.ticket_id = ").push_bind(ticket);
    push_known(caller, sql);
    if !types.is_empty() {
        sql.push(" AND a.type = ANY(").push_bind(types).push(")");
    }
}
