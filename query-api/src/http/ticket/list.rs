//! `GET /v1/tickets`: tickets by filter, in order, page by page.

mod candidates;
mod export;
mod filter;
mod kept;
mod sort;
mod walk;
mod whole;

pub(crate) use self::whole::WholeList;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::identity::Principal;
use sqlx::{Postgres, QueryBuilder};
use utoipa::IntoParams;

use self::candidates::Found;
use self::filter::{Filter, FilterTimes};
use self::sort::{After, Sort};
use super::row::{COLUMNS, TicketRow};
use super::standing::{self, Standing};
use super::view::TicketView;
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::cursor::{self, Binding};
use crate::error::QueryError;
use crate::export::{self as exports, Accepted};
use crate::http::refusals::Refusals;
use crate::page::{Page, PageQuery};
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::snapshot::{ReadModel, Snapshot, Source};
use crate::total::Total;

/// Which tickets, in which order, which page.
#[derive(Debug)]
pub(crate) struct ListTickets {
    filter: Filter,
    sort: Sort,
    page: PageQuery,
}

/// The order of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents what `Sort` reads")]
pub(crate) struct SortParameter {
    /// `created_at`, `updated_at`, `priority` or `number`; with `-` before it the latest, the most
    /// urgent or the highest first. For staff also `sla_due_at`: what is due next first, and tickets
    /// without anything due last; `-sla_due_at` is the reverse.
    #[param(default = "-created_at", example = "-priority")]
    sort: Option<String>,
}

impl FromParameters for ListTickets {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        Ok(Self {
            filter: Filter::take(parameters)?,
            sort: Sort::take(parameters)?,
            page: PageQuery::take(parameters)?,
        })
    }
}

impl ListTickets {
    /// Whether how tickets stand decides which there are, or in which order.
    fn is_by_sla(&self) -> bool {
        !self.filter.sla.is_empty() || self.sort.is_by_sla()
    }

    /// What the page is read from. A search is as fresh as both that find and that show; how tags are
    /// written is known with the words.
    fn models(&self, caller: &Principal) -> &'static [ReadModel] {
        if self.page.count && self.filter.kept(caller).is_some() {
            return &[ReadModel::TicketList, ReadModel::QueueCounts, ReadModel::Sla];
        }
        match (self.filter.search.is_some() || !self.filter.tag.is_empty(), caller.is_staff()) {
            (false, _) => standing::beside_tickets(caller),
            (true, false) => &[ReadModel::TicketList, ReadModel::Search],
            (true, true) => &[ReadModel::TicketList, ReadModel::Search, ReadModel::Sla],
        }
    }

    /// What was promised for a ticket is between those who promised it, and so is what they think of it.
    fn check(&self, caller: &Principal) -> Result<(), QueryError> {
        let internal = [
            ("sla", !self.filter.sla.is_empty()),
            ("sort", self.sort.is_by_sla()),
            ("spam", self.filter.spam.is_some()),
            ("deleted", self.filter.deleted.is_some()),
        ];
        match internal.into_iter().find(|(_, asked)| *asked) {
            Some((name, _)) if !caller.is_staff() => Err(QueryError::StaffOnly(name)),
            _ => Ok(()),
        }
    }

    /// Adds `FROM` and the conditions.
    fn push<'a>(&'a self, found: &'a Found, caller: &'a Principal, sql: &mut QueryBuilder<'a, Postgres>) {
        sql.push(" FROM read.tickets AS t");
        if self.is_by_sla() {
            sql.push(" JOIN read.sla AS s ON s.ticket_id = t.id AND s.tenant_id = ");
            sql.push_bind(caller.tenant.0);
        }
        sql.push(" WHERE ");
        self.filter.push(found, caller, sql);
    }
}

/// Tickets by filter, in order, page by page.
///
/// Those that the caller may see, without the deleted and the spam unless they are asked for. Pages
/// stay right while tickets change: a ticket that doesn't move in the order is on exactly one page.
/// The filters `sla`, `spam` and `deleted` and the order `sla_due_at` are for staff: 403 `forbidden` for others.
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets the whole list as a file, as of one moment,
/// with the same filters and order; `limit`, `cursor` and `count` aren't taken then. An answer that
/// doesn't end well isn't whole.
#[utoipa::path(
    get, path = "/v1/tickets", operation_id = "list_tickets", tag = "Tickets",
    params(Filter, FilterTimes, SortParameter, PageQuery, Freshness),
    responses(
        (status = 200, description = "A page of tickets; or all of them, as a file.", content(
            (Page<TicketView> = "application/json"),
            (String = "text/csv", example = "id,number,subject,…\r\n019a7c1e-5b7a-7cc3-98c4-dc0c0c07398f,TKT-00000001,No toner,…\r\n"),
            (TicketView = "application/x-ndjson"),
        )),
        Refusals,
    ),
)]
pub(crate) async fn list_tickets(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(query): Asked<ListTickets>,
) -> Result<Response, QueryError> {
    let caller = &*asking.principal;
    query.check(caller)?;
    if let Some(file) = file {
        query.page.whole()?;
        let source = Source::Models(query.models(caller));
        return exports::answer(&api, asking, source, query, file).await;
    }
    let binding = Binding::new("tickets", &(asking.view(), &query.filter, query.sort));
    let after = query.page.after(&api.0.cursor_key, &binding)?;
    let mut snapshot = api.snapshot(&asking, Source::Models(query.models(caller))).await?;
    let found = Found::look(&mut snapshot, caller, &query.filter).await?;
    let walked = if found.is_by_frequent_words() {
        walk::walk(&mut snapshot, caller, &query, &found, after.as_ref()).await?
    } else {
        None
    };
    let of_page = if walked.is_some() { &found.with(walked) } else { &found };
    let rows = rows(&mut snapshot, caller, &query, of_page, after.as_ref()).await?;
    let total =
        if query.page.count { Some(count(&mut snapshot, caller, &query, &found).await?) } else { None };
    let position = snapshot.position;
    snapshot.close().await?;
    let page = Page::cut(rows, query.page.limit, total, |(row, standing)| {
        cursor::seal(&api.0.cursor_key, &binding, &query.sort.key(row, standing.as_ref()))
    });
    let page = page.map(|(row, standing)| TicketView::new(row, standing, caller));
    Ok(Answer::at(position, page).into_response())
}

/// The tickets of a page, with how they stand.
async fn rows(
    snapshot: &mut Snapshot,
    caller: &Principal,
    query: &ListTickets,
    found: &Found,
    after: Option<&After>,
) -> Result<Vec<(TicketRow, Option<Standing>)>, sqlx::Error> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS);
    query.push(found, caller, &mut sql);
    if let Some(after) = after {
        query.sort.push_after(after, &mut sql);
    }
    query.sort.push_order(&mut sql);
    sql.push(" LIMIT ").push_bind(query.page.limit.probe());
    let rows: Vec<TicketRow> = sql.build_query_as().fetch_all(&mut *snapshot.tx).await?;
    with_standings(snapshot, caller, rows).await
}

/// The same tickets, with how they stand.
async fn with_standings(
    snapshot: &mut Snapshot,
    caller: &Principal,
    rows: Vec<TicketRow>,
) -> Result<Vec<(TicketRow, Option<Standing>)>, sqlx::Error> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut standings = standing::of(snapshot, caller, &ids).await?;
    let beside = |row: TicketRow| {
        let standing = standings.remove(&row.id);
        (row, standing)
    };
    Ok(rows.into_iter().map(beside).collect())
}

/// The next ones of a list that leaves as a file.
async fn next(snapshot: &mut Snapshot, caller: &Principal) -> Result<Vec<TicketView>, QueryError> {
    let rows = exports::read(snapshot).await?;
    let rows = with_standings(snapshot, caller, rows).await?;
    Ok(rows.into_iter().map(|(row, standing)| TicketView::new(row, standing, caller)).collect())
}

async fn count(
    snapshot: &mut Snapshot,
    caller: &Principal,
    query: &ListTickets,
    found: &Found,
) -> Result<Total, sqlx::Error> {
    if let Some(kept) = query.filter.kept(caller) {
        return kept.read(snapshot, caller.tenant).await.map(Total::Exactly);
    }
    let mut sql = Total::count();
    query.push(found, caller, &mut sql);
    Total::of(snapshot, sql).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::openapi::path::ParameterIn;

    #[test]
    fn what_is_documented_is_what_is_read() {
        let mut parameters = Parameters::parse(None).unwrap();
        ListTickets::take(&mut parameters).unwrap();
        let query = || Some(ParameterIn::Query);
        let documented = [
            Filter::into_params(query),
            FilterTimes::into_params(query),
            SortParameter::into_params(query),
            PageQuery::into_params(query),
        ];
        parameters.assert_documented_by(documented.into_iter().flatten().collect());
    }
}
