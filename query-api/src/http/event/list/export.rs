//! The feed as a file: all events after a position, up to where the log ends as it begins.

use domain::identity::Principal;
use domain::ids::Position;

use crate::QueryApi;
use crate::error::QueryError;
use crate::export::{Column, Exported};
use crate::follow;
use crate::http::event_view::CloudEvent;
use crate::snapshot::Snapshot;

/// How many events are held at once.
const BATCH: i64 = 200;

/// All events of these types.
pub(crate) struct Whole {
    api: QueryApi,
    after: Position,
    types: Vec<String>,
}

impl Whole {
    /// Those after a position.
    pub(crate) fn new(api: &QueryApi, after: Position, types: Vec<String>) -> Self {
        Self { api: api.clone(), after, types }
    }
}

impl Exported for Whole {
    const NAME: &'static str = "events";
    type View = CloudEvent;

    fn columns(_: &Principal) -> Vec<Column<CloudEvent>> {
        CloudEvent::columns()
    }

    async fn begin(&mut self, _: &mut Snapshot, _: &Principal) -> Result<(), QueryError> {
        Ok(())
    }

    /// Goes over stretches on which nothing is for the caller.
    async fn next(
        &mut self,
        snapshot: &mut Snapshot,
        caller: &Principal,
    ) -> Result<Vec<CloudEvent>, QueryError> {
        loop {
            let batch = follow::read(&self.api, snapshot, caller, self.after, &self.types, BATCH).await?;
            let ended = batch.reached <= self.after;
            self.after = batch.reached;
            if ended || !batch.events.is_empty() {
                return Ok(batch.events);
            }
        }
    }
}
