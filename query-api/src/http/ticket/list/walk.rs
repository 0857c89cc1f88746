//! A page of what frequent words find, by walking the list in the order that was asked for and looking at
//! each ticket's texts until the page is full.
//!
//! It goes so far and no further: where words are frequent by themselves but hardly ever in the tickets
//! that are walked over, the index finds all of them after all.

use domain::identity::Principal;
use domain::search::Query;
use sqlx::{Executor as _, Postgres, QueryBuilder};
use uuid::Uuid;

use super::ListTickets;
use super::candidates::Found;
use super::sort::After;
use crate::snapshot::Snapshot;

/// How many tickets are looked at together at first, twice as many each time.
const STRIDE: i64 = 250;
/// How many are looked at in all.
const MOST: i64 = 8_000;

/// The tickets of the page, its probing row too; `None` where they are too far apart.
pub(super) async fn walk(
    snapshot: &mut Snapshot,
    caller: &Principal,
    query: &ListTickets,
    found: &Found,
    after: Option<&After>,
) -> Result<Option<Vec<Uuid>>, sqlx::Error> {
    let Some(words) = &query.filter.search else { return Ok(None) };
    let everything = found.with(None);
    // It is read from its beginning, and hardly ever to its end.
    snapshot.tx.execute("SET LOCAL cursor_tuple_fraction = 0.001").await?;
    let mut sql = QueryBuilder::new("DECLARE walk NO SCROLL CURSOR FOR SELECT t.id");
    query.push(&everything, caller, &mut sql);
    if let Some(after) = after {
        query.sort.push_after(after, &mut sql);
    }
    query.sort.push_order(&mut sql);
    sql.build().execute(&mut *snapshot.tx).await?;

    let wanted = usize::try_from(query.page.limit.probe()).unwrap_or(usize::MAX);
    let (mut page, mut looked, mut stride) = (Vec::new(), 0, STRIDE);
    let walked = loop {
        let mut fetch: QueryBuilder<'_, Postgres> = QueryBuilder::new("FETCH ");
        fetch.push(stride).push(" FROM walk");
        let ids: Vec<Uuid> = fetch.build_query_scalar().fetch_all(&mut *snapshot.tx).await?;
        let ended = (ids.len() as i64) < stride;
        let matching = matching(snapshot, caller, words, &ids).await?;
        page.extend(ids.into_iter().filter(|id| matching.contains(id)));
        page.truncate(wanted);
        looked += stride;
        stride *= 2;
        if ended || page.len() >= wanted {
            break Some(page);
        }
        if looked >= MOST {
            break None;
        }
    };
    snapshot.tx.execute("CLOSE walk").await?;
    Ok(walked)
}

/// Those of these tickets that the words find.
async fn matching(
    snapshot: &mut Snapshot,
    caller: &Principal,
    words: &Query,
    ids: &[Uuid],
) -> Result<std::collections::HashSet<Uuid>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        r#"SELECT read.narrow_tickets($1, $2::text[]::tsquery[], $3::text[]::tsquery[], $4) AS "ids!""#,
        ids,
        &words.wanted,
        &words.unwanted,
        caller.sees_notes(),
    )
    .fetch_one(&mut *snapshot.tx)
    .await?;
    Ok(ids.into_iter().collect())
}
