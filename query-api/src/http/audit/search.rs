//! `GET /v1/audit`: what was done in the tenant, by whom, when and from where.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::identity::{Denied, Permission, Principal, Visibility};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::filter::{After, Filter};
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::cursor::{self, Binding};
use crate::error::QueryError;
use crate::export::{self, Accepted};
use crate::http::activity_view::{ActivityRow, ActivityView, COLUMNS};
use crate::http::refusals::Refusals;
use crate::http::ticket::numbered;
use crate::page::{Page, PageQuery};
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::snapshot::{ReadModel, Snapshot, Source};
use crate::span::{Span, SpanParameters};
use crate::total::Total;

/// Which lines, which page.
#[derive(Debug)]
pub(crate) struct SearchAudit {
    pub(super) filter: Filter,
    page: PageQuery,
}

impl FromParameters for SearchAudit {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        Ok(Self { filter: Filter::take(parameters)?, page: PageQuery::take(parameters)? })
    }
}

impl SearchAudit {
    /// All of it between two moments.
    pub(crate) fn of(span: Span) -> Self {
        Self { filter: Filter { span, ..Filter::default() }, page: PageQuery::default() }
    }

    /// What it is read from. Whose tickets are is in the list of tickets.
    fn source(caller: &Principal) -> Source {
        Source::Models(if caller.visibility() == Visibility::Tenant {
            &[ReadModel::Activity]
        } else {
            &[ReadModel::Activity, ReadModel::TicketList]
        })
    }
}

/// The audit trail of the tenant, the latest first: who did what, when, from where, what it was and
/// what it became.
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets the whole trail as a file, as of one moment,
/// with the same filters; `limit`, `cursor` and `count` aren't taken then. An answer that doesn't end
/// well isn't whole. This needs the permission `audit.export` besides.
#[utoipa::path(
    get, path = "/v1/audit", operation_id = "search_audit", tag = "Audit",
    params(Filter, SpanParameters, PageQuery, Freshness),
    responses(
        (status = 200, description = "A page of activity; or all of it, as a file.", content(
            (Page<ActivityView> = "application/json"),
            (String = "text/csv", example = "type,field,old_value,…\r\nstatus_changed,status,open,…\r\n"),
            (ActivityView = "application/x-ndjson"),
        )),
        Refusals,
    ),
)]
pub(crate) async fn search_audit(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(query): Asked<SearchAudit>,
) -> Result<Response, QueryError> {
    let source = SearchAudit::source(&asking.principal);
    if let Some(file) = file {
        if !asking.principal.has(Permission::AuditExport) {
            return Err(Denied::Missing(Permission::AuditExport).into());
        }
        query.page.whole()?;
        return export::answer(&api, asking, source, query, file).await;
    }
    let SearchAudit { filter, page } = query;
    let binding = Binding::new("audit", &(asking.view(), &filter));
    let after: Option<After> = page.after(&api.0.cursor_key, &binding)?;
    let mut snapshot = api.snapshot(&asking, source).await?;
    let caller = &*asking.principal;
    let tickets = tickets(&mut snapshot, &filter.ticket).await?;

    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS);
    filter.push(caller, tickets.as_deref(), &mut sql);
    filter.push_page(after, &mut sql);
    sql.push(" LIMIT ").push_bind(page.limit.probe());
    let rows: Vec<ActivityRow> = sql.build_query_as().fetch_all(&mut *snapshot.tx).await?;
    let mut total = None;
    if page.count {
        let mut sql = Total::count();
        filter.push(caller, tickets.as_deref(), &mut sql);
        total = Some(Total::of(&mut snapshot, sql).await?);
    }
    let position = snapshot.position;
    snapshot.close().await?;
    let page = Page::cut(rows, page.limit, total, |last| {
        cursor::seal(&api.0.cursor_key, &binding, &filter.after(last))
    });
    Ok(Answer::at(position, page.map(|row| ActivityView::new(row, caller))).into_response())
}

/// The ids of the tickets that are named by id or number; `None` if none are named at all.
pub(super) async fn tickets(
    snapshot: &mut Snapshot,
    named: &[String],
) -> Result<Option<Vec<Uuid>>, sqlx::Error> {
    if named.is_empty() {
        return Ok(None);
    }
    let (mut ids, mut numbers) = (Vec::new(), Vec::new());
    for name in named {
        match name.parse() {
            Ok(id) => ids.push(id),
            Err(_) => numbers.push(name.clone()),
        }
    }
    ids.extend(numbered(snapshot, &numbers).await?);
    Ok(Some(ids))
}
