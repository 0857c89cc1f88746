//! Lists as files: the whole list as CSV or as one JSON object a line, with the filters, the order and
//! the visibility of the list itself, in memory that doesn't grow with it.
//!
//! An export is one transaction and so one moment, read through a cursor of the database, no more rows
//! at once than a page has, as fast as the caller takes them. Its first rows are read before anything
//! is answered, so that what goes wrong early is told as ever. What goes wrong later breaks the body
//! off: a body that ends well is whole.
//!
//! Between the reading of the first rows and the answer it is recorded who takes what.

mod accept;
mod asked;
mod body;
mod cells;
mod datum;
mod lines;
mod record;
mod rows;
mod whole;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::identity::Principal;
use domain::ids::Position;
use serde::Serialize;
use service_kit::http::{POSITION, position_header};
use tracing::Instrument as _;

pub(crate) use self::accept::Format;
pub(crate) use self::asked::{Accepted, File};
pub(crate) use self::cells::{Cells, Column, json};
pub use self::datum::{Datum, Kind};
pub(crate) use self::rows::{allow_time, declare, open, read};
pub(crate) use self::whole::{items, table, whole};

use self::body::Sender;
use self::lines::Lines;
use crate::QueryApi;
use crate::answer::PRIVATE;
use crate::asking::Asking;
use crate::error::QueryError;
use crate::snapshot::{Snapshot, Source};

/// How long an export may take. The database can't tidy up behind a transaction that stays open.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// A list that can be taken away whole.
pub(crate) trait Exported: Send + Sync + 'static {
    /// How the file is named.
    const NAME: &'static str;
    /// A line, as the list's answer shows it.
    type View: Serialize + Send + Sync;

    /// The columns that this caller gets.
    fn columns(caller: &Principal) -> Vec<Column<Self::View>>;

    /// Looks at what is asked for, and opens the cursor.
    fn begin(
        &mut self,
        snapshot: &mut Snapshot,
        caller: &Principal,
    ) -> impl Future<Output = Result<(), QueryError>> + Send;

    /// The next lines; none at the end.
    fn next(
        &mut self,
        snapshot: &mut Snapshot,
        caller: &Principal,
    ) -> impl Future<Output = Result<Vec<Self::View>, QueryError>> + Send;
}

/// Answers with the whole list.
pub(crate) async fn answer<L: Exported>(
    api: &QueryApi,
    asking: Asking,
    source: Source,
    mut list: L,
    file: File,
) -> Result<Response, QueryError> {
    let caller = asking.principal.clone();
    let share = api.0.capacity.export(&caller).await.map_err(QueryError::TooManyExports)?;
    let mut snapshot = api.snapshot_with(&asking, source, Some(share)).await?;
    allow_time(&mut snapshot).await?;
    list.begin(&mut snapshot, &caller).await?;
    let first = list.next(&mut snapshot, &caller).await?;
    let (position, format) = (snapshot.position, file.format);
    record::record(api, L::NAME, &file, position).await?;
    let lines = Lines::new(format, L::columns(&caller));
    let (sender, body) = body::channel();
    let export = Export { list, caller, snapshot, lines, rows: 0, sender };
    tokio::spawn(export.run(first, format).in_current_span());
    Ok(attachment(format, L::NAME, position, body))
}

/// An answer that browsers save under a name.
fn attachment(format: Format, name: &str, position: Position, body: Body) -> Response {
    let disposition = format!("attachment; filename=\"{name}-{position}.{}\"", format.form().as_str());
    let headers = [(header::CONTENT_TYPE, format.media_type()), (header::CONTENT_DISPOSITION, &disposition)];
    let mut response = (headers, body).into_response();
    response.headers_mut().insert(POSITION, position_header(position));
    response.headers_mut().insert(header::CACHE_CONTROL, PRIVATE);
    response
}

/// Why an export broke off.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("the next rows can't be read")]
    Rows(#[from] QueryError),
    #[error("a line can't be written")]
    Line(#[from] serde_json::Error),
    #[error(transparent)]
    Caller(#[from] body::Unread),
    #[error("it took longer than {LONGEST:?}")]
    Late,
}

/// An export under way.
struct Export<L: Exported> {
    list: L,
    caller: Arc<Principal>,
    snapshot: Snapshot,
    lines: Lines<L::View>,
    rows: u64,
    /// The last: by when the caller learns that it broke off, all else is given back.
    sender: Sender,
}

impl<L: Exported> Export<L> {
    async fn run(self, first: Vec<L::View>, format: Format) {
        let sent = tokio::time::timeout(LONGEST, self.send(first)).await;
        let list = L::NAME;
        match sent.unwrap_or(Err(Broken::Late)) {
            Ok(rows) => tracing::info!(list, ?format, rows, "exported"),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(list, ?format, %error, cause, "an export broke off");
            }
        }
    }

    /// Sends all lines; gives how many they were.
    async fn send(mut self, first: Vec<L::View>) -> Result<u64, Broken> {
        let mut views = first;
        while !views.is_empty() {
            for view in &views {
                self.lines.push(view)?;
                self.rows += 1;
                if let Some(chunk) = self.lines.full() {
                    self.sender.send(chunk, || self.snapshot.is_wanted()).await?;
                }
            }
            views = self.list.next(&mut self.snapshot, &self.caller).await?;
        }
        self.sender.send(self.lines.rest(), || self.snapshot.is_wanted()).await?;
        // Whoever has seen the end may begin the next.
        self.snapshot.close().await?;
        self.sender.end().await?;
        Ok(self.rows)
    }
}
