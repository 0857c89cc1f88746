//! The raw events of one aggregate, a page at a time.

use axum::response::Response;

use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::Asking;
use crate::cursor::{self, Binding};
use crate::error::QueryError;
use crate::export::{self, File};
use crate::follow::shown;
use crate::http::event_view::CloudEvent;
use crate::log::Fact;
use crate::page::{Page, PageQuery};
use crate::snapshot::Snapshot;
use crate::total::Total;

/// These events as a file, as the caller may see them; the snapshot ends with it.
pub(crate) async fn file(
    api: &QueryApi,
    mut snapshot: Snapshot,
    asking: &Asking,
    file: File,
    what: &str,
    facts: Vec<Fact>,
) -> Result<Response, QueryError> {
    let events = shown(api, &mut snapshot, &asking.principal, facts).await?;
    let position = snapshot.position;
    snapshot.close().await?;
    export::items(api, file, what, position, CloudEvent::columns(), &events).await
}

/// A page of these events, as the caller may see them; the snapshot ends with it.
pub(crate) async fn page(
    api: &QueryApi,
    mut snapshot: Snapshot,
    asking: &Asking,
    query: PageQuery,
    binding: Binding,
    facts: Vec<Fact>,
) -> Result<Answer<Page<CloudEvent>>, QueryError> {
    let after: i64 = query.after(&api.0.cursor_key, &binding)?.unwrap_or(0);
    let events = shown(api, &mut snapshot, &asking.principal, facts).await?;
    let position = snapshot.position;
    snapshot.close().await?;
    let total = query.count.then_some(Total::Exactly(events.len() as i64));
    let rest =
        events.into_iter().filter(|event| event.version > after).take(query.limit.rows() + 1).collect();
    let page = Page::cut(rest, query.limit, total, |last: &CloudEvent| {
        cursor::seal(&api.0.cursor_key, &binding, &last.version)
    });
    Ok(Answer::at(position, page))
}
