//! Whole lists for those who run Docket: all of a tenant's, row by row, each with the moment that it
//! belongs to.
//!
//! The rows are those of the lists' answers, as Docket itself gets them: nothing is left out, and texts
//! that were taken out of sight are empty as everywhere. Whoever takes a list away records it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::export::Form;
use domain::identity::Principal;
use domain::ids::Position;

use crate::QueryApi;
use crate::asking::Asking;
use crate::error::QueryError;
use crate::export::{Cells, Column, Datum, Exported, Kind, allow_time};
use crate::http::{SearchAudit, WholeFeed, WholeList};
use crate::snapshot::{ReadModel, Snapshot, Source};
use crate::span::Span;

/// How long the read models may take to show what the log has.
const PATIENCE: Duration = Duration::from_secs(120);

/// A list that can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// The tickets, deleted ones and spam too, by when they were opened.
    Tickets,
    /// The audit trail, by when things were done.
    Audit,
    /// The events as CloudEvents, by when they happened.
    Events,
}

impl List {
    /// Its name, in records and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tickets => WholeList::NAME,
            Self::Audit => SearchAudit::NAME,
            Self::Events => WholeFeed::NAME,
        }
    }

    fn source(self) -> Source {
        match self {
            Self::Tickets => Source::Models(&[ReadModel::TicketList, ReadModel::Sla]),
            Self::Audit => Source::Models(&[ReadModel::Activity]),
            Self::Events => Source::Log,
        }
    }
}

/// Why a list can't be taken away.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct TakeawayError(QueryError);

impl From<QueryError> for TakeawayError {
    fn from(error: QueryError) -> Self {
        Self(error)
    }
}

/// A row with the moment that it belongs to.
#[derive(Debug)]
pub struct Row {
    /// When it was opened, done, or happened.
    pub at: DateTime<Utc>,
    /// What it says.
    pub content: Content,
}

/// What a row says.
#[derive(Debug)]
pub enum Content {
    /// A line of text with its end.
    Line(Vec<u8>),
    /// What is in its cells.
    Data(Vec<Datum>),
}

/// A list under way.
pub struct Takeaway(Which);

enum Which {
    Tickets(Begun<WholeList>),
    Audit(Begun<SearchAudit>),
    Events(Begun<WholeFeed>),
}

/// A row as the list's answer shows it.
type Shown<L> = <L as Exported>::View;

/// A list whose first rows are read.
struct Begun<L: Exported> {
    list: L,
    caller: Arc<Principal>,
    snapshot: Snapshot,
    columns: Vec<Column<L::View>>,
    ready: Vec<L::View>,
    at: fn(&L::View) -> DateTime<Utc>,
    span: Span,
}

impl QueryApi {
    /// Begins to take a list away, with all that is in the log by now. `caller` is Docket itself.
    pub async fn take_away(
        &self,
        caller: Principal,
        list: List,
        span: Span,
    ) -> Result<Takeaway, TakeawayError> {
        let caller = Arc::new(caller);
        let head = self.0.progress.position(Source::Log).await.map_err(QueryError::from)?;
        let asking = Asking::by_docket(caller.clone(), head, PATIENCE);
        let snapshot = self.snapshot(&asking, list.source()).await?;
        let which = match list {
            List::Tickets => {
                let list = WholeList(span);
                Which::Tickets(
                    Begun::new(list, caller, snapshot, Shown::<WholeList>::created_at, span).await?,
                )
            }
            List::Audit => {
                let list = SearchAudit::of(span);
                Which::Audit(
                    Begun::new(list, caller, snapshot, Shown::<SearchAudit>::occurred_at, span).await?,
                )
            }
            List::Events => {
                let list = WholeFeed::all(self);
                Which::Events(Begun::new(list, caller, snapshot, Shown::<WholeFeed>::time, span).await?)
            }
        };
        Ok(Takeaway(which))
    }
}

/// The same for each list.
macro_rules! each {
    ($takeaway:expr, $begun:ident => $do:expr) => {
        match $takeaway {
            Which::Tickets($begun) => $do,
            Which::Audit($begun) => $do,
            Which::Events($begun) => $do,
        }
    };
}

impl Takeaway {
    /// The position that all of it reflects.
    pub fn position(&self) -> Position {
        each!(&self.0, begun => begun.snapshot.position)
    }

    /// The names of its columns, each with the kind of things that it has; none if it has no rows.
    pub fn columns(&self) -> Vec<(&'static str, Kind)> {
        each!(&self.0, begun => begun.columns())
    }

    /// The line of names before all others, if the form has one.
    pub fn names(&self, form: Form) -> Vec<u8> {
        let mut out = Vec::new();
        if form == Form::Csv {
            each!(&self.0, begun => Cells::line(&mut out, |cells| {
                begun.columns.iter().for_each(|(name, _)| cells.put(*name));
            }));
        }
        out
    }

    /// The next rows in a form; `None` at the end.
    pub async fn next(&mut self, form: Form) -> Result<Option<Vec<Row>>, TakeawayError> {
        each!(&mut self.0, begun => begun.next(form).await.map_err(TakeawayError))
    }
}

impl<L: Exported> Begun<L> {
    async fn new(
        mut list: L,
        caller: Arc<Principal>,
        mut snapshot: Snapshot,
        at: fn(&L::View) -> DateTime<Utc>,
        span: Span,
    ) -> Result<Self, QueryError> {
        allow_time(&mut snapshot).await?;
        list.begin(&mut snapshot, &caller).await?;
        let ready = list.next(&mut snapshot, &caller).await?;
        let columns = L::columns(&caller);
        Ok(Self { list, caller, snapshot, columns, ready, at, span })
    }

    fn columns(&self) -> Vec<(&'static str, Kind)> {
        let mut kinds = Vec::new();
        if let Some(view) = self.ready.first() {
            Cells::kinds(&mut kinds, |cells| self.columns.iter().for_each(|(_, fill)| fill(view, cells)));
        }
        self.columns.iter().map(|(name, _)| *name).zip(kinds).collect()
    }

    async fn next(&mut self, form: Form) -> Result<Option<Vec<Row>>, QueryError> {
        let views = std::mem::take(&mut self.ready);
        if views.is_empty() {
            return Ok(None);
        }
        self.ready = self.list.next(&mut self.snapshot, &self.caller).await?;
        let mut rows = Vec::with_capacity(views.len());
        for view in views {
            let at = (self.at)(&view);
            if self.span.has(at) {
                rows.push(Row { at, content: self.content(&view, form)? });
            }
        }
        Ok(Some(rows))
    }

    fn content(&self, view: &L::View, form: Form) -> Result<Content, QueryError> {
        let fill = |cells: &mut Cells<'_>| self.columns.iter().for_each(|(_, fill)| fill(view, cells));
        Ok(match form {
            Form::Csv => {
                let mut line = Vec::new();
                Cells::line(&mut line, fill);
                Content::Line(line)
            }
            Form::Ndjson => {
                let mut line = serde_json::to_vec(view)?;
                line.push(b'\n');
                Content::Line(line)
            }
            Form::Parquet => {
                let mut data = Vec::with_capacity(self.columns.len());
                Cells::data(&mut data, fill);
                Content::Data(data)
            }
        })
    }
}
