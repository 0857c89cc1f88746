//! `GET /v1/tickets`: tickets by filter, in order, page by page.

mod candidates;
mod filter;
mod sort;

use axum::extract::State;
use sqlx::{QueryBuilder, Row};
use utoipa::IntoParams;

use self::candidates::Found;
use self::filter::Filter;
use self::sort::{After, Sort};
use super::row::{COLUMNS, TicketRow};
use super::view::TicketView;
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::cursor::{self, Binding};
use crate::error::QueryError;
use crate::http::refusals::Refusals;
use crate::page::{Page, PageQuery};
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::snapshot::{ReadModel, Snapshot, Source};

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
    /// urgent or the highest first.
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

/// Tickets by filter, in order, page by page.
///
/// Those that the caller may see, without the deleted and the spam unless they are asked for. Pages
/// stay right while tickets change: a ticket that doesn't move in the order is on exactly one page.
#[utoipa::path(
    get, path = "/v1/tickets", operation_id = "list_tickets", tag = "Tickets",
    params(Filter, SortParameter, PageQuery, Freshness),
    responses((status = 200, description = "A page of tickets.", body = Page<TicketView>), Refusals),
)]
pub(crate) async fn list_tickets(
    State(api): State<QueryApi>,
    asking: Asking,
    Asked(query): Asked<ListTickets>,
) -> Result<Answer<Page<TicketView>>, QueryError> {
    let binding = Binding::new("tickets", &(asking.view(), &query.filter, query.sort));
    let after = query.page.after(&api.0.cursor_key, &binding)?;
    // A search is as fresh as both that find and that show.
    let models: &[ReadModel] = match query.filter.search {
        Some(_) => &[ReadModel::TicketList, ReadModel::Search],
        None => &[ReadModel::TicketList],
    };
    let mut snapshot = api.snapshot(&asking, Source::Models(models)).await?;
    let found = Found::look(&mut snapshot, &asking.principal, &query.filter).await?;
    let rows = rows(&mut snapshot, &asking, &query, &found, after.as_ref()).await?;
    let total = if query.page.count {
        Some(count(&mut snapshot, &asking, &query.filter, &found).await?)
    } else {
        None
    };
    let position = snapshot.position;
    snapshot.close().await?;
    let page = Page::cut(rows, query.page.limit, total, |last| {
        cursor::seal(&api.0.cursor_key, &binding, &query.sort.key(last))
    });
    Ok(Answer::at(position, page.map(|row| TicketView::new(row, &asking.principal))))
}

async fn rows(
    snapshot: &mut Snapshot,
    asking: &Asking,
    query: &ListTickets,
    found: &Found,
    after: Option<&After>,
) -> Result<Vec<TicketRow>, sqlx::Error> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS).push(" FROM read.tickets AS t WHERE ");
    query.filter.push(found, &asking.principal, &mut sql);
    if let Some(after) = after {
        query.sort.push_after(after, &mut sql);
    }
    query.sort.push_order(&mut sql);
    sql.push(" LIMIT ").push_bind(query.page.limit.probe());
    sql.build_query_as().fetch_all(&mut *snapshot.tx).await
}

async fn count(
    snapshot: &mut Snapshot,
    asking: &Asking,
    filter: &Filter,
    found: &Found,
) -> Result<i64, sqlx::Error> {
    let mut sql = QueryBuilder::new("SELECT count(*) AS total FROM read.tickets AS t WHERE ");
    filter.push(found, &asking.principal, &mut sql);
    sql.build().fetch_one(&mut *snapshot.tx).await?.try_get("total")
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
        let documented: Vec<_> =
            [Filter::into_params(query), SortParameter::into_params(query), PageQuery::into_params(query)]
                .into_iter()
                .flatten()
                .map(|parameter| parameter.name)
                .collect();
        assert_eq!(documented, parameters.known());
    }
}
