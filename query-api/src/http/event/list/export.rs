//! The feed as a file: all events after a position, up to where the log ends as it begins.

use domain::identity::Principal;
use domain::ids::Position;

use crate::QueryApi;
use crate::error::QueryError;
use crate::export::{Column, Exported};
use crate::follow::{self, Filter};
use crate::http::event::filter::EventFilter;
use crate::http::event_view::CloudEvent;
use crate::log::Most;
use crate::snapshot::Snapshot;

/// How much is held at once.
const MOST: Most = Most { events: 200, bytes: super::MOST_BYTES };

/// All events that are meant.
pub(crate) struct Whole {
    api: QueryApi,
    after: Position,
    /// As it was asked, until it begins.
    asked: Option<EventFilter>,
    filter: Filter,
}

impl Whole {
    /// All that there are.
    pub(crate) fn all(api: &QueryApi) -> Self {
        Self { api: api.clone(), after: Position::START, asked: None, filter: Filter::default() }
    }

    /// Those after a position.
    pub(crate) fn new(api: &QueryApi, after: Position, filter: EventFilter) -> Self {
        Self { api: api.clone(), after, asked: Some(filter), filter: Filter::default() }
    }
}

impl Exported for Whole {
    const NAME: &'static str = "events";
    type View = CloudEvent;

    fn columns(_: &Principal) -> Vec<Column<CloudEvent>> {
        CloudEvent::columns()
    }

    async fn begin(&mut self, snapshot: &mut Snapshot, caller: &Principal) -> Result<(), QueryError> {
        if let Some(asked) = self.asked.take() {
            self.filter = asked.resolve(&self.api, snapshot, caller).await?;
        }
        Ok(())
    }

    /// Goes over stretches on which nothing is for the caller.
    async fn next(
        &mut self,
        snapshot: &mut Snapshot,
        caller: &Principal,
    ) -> Result<Vec<CloudEvent>, QueryError> {
        loop {
            let stretch = (self.after, snapshot.position);
            let batch = follow::read(&self.api, snapshot, caller, stretch, &self.filter, MOST).await?;
            let ended = batch.reached <= self.after;
            self.after = batch.reached;
            if ended || !batch.events.is_empty() {
                return Ok(batch.events);
            }
        }
    }
}
