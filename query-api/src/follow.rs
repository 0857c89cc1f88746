//! Following the log as it grows: one reader per stream, by position, so that a slow consumer holds
//! no more than one batch, and one that comes back goes on exactly where it was.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use domain::identity::Principal;
use domain::ids::Position;
use futures::stream::{self, Stream};
use service_kit::wait::pause;

use crate::QueryApi;
use crate::error::QueryError;
use crate::http::event_view::CloudEvent;
use crate::log::{self, Fact};
use crate::snapshot::{Snapshot, Source};
use crate::visibility;
use crate::wake::Ear;

/// How many positions one statement goes over.
const SPAN: i64 = 5000;
/// How many events a stream holds at most.
const BATCH: i64 = 100;
/// How many events are looked at, at least, for somebody who sees only some tickets.
const LOOK: i64 = 500;
/// After the database failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Some events, and the position up to which nothing else is for the caller.
pub(crate) struct Batch {
    pub(crate) events: Vec<CloudEvent>,
    pub(crate) reached: Position,
}

/// Reads on after a position: at most `limit` events, within one span of positions.
pub(crate) async fn read(
    api: &QueryApi,
    snapshot: &mut Snapshot,
    caller: &Principal,
    after: Position,
    types: &[String],
    limit: i64,
) -> Result<Batch, QueryError> {
    let until = Position(snapshot.position.0.min(after.0 + SPAN));
    if until <= after {
        return Ok(Batch { events: Vec::new(), reached: after });
    }
    // Where little is for the caller, more is looked at, so that they come on.
    let look = if visibility::sees_all(caller) { limit } else { limit.max(LOOK) };
    let logged = log::window(snapshot, after, until, types, look).await?;
    let full = logged.len() as i64 == look;
    let mut reached = logged.last().filter(|_| full).map_or(until, |last| Position(last.position));
    let facts = logged.into_iter().map(|one| one.read(&api.0.upcasters)).collect();
    let mut events = shown(api, snapshot, caller, facts).await?;
    if events.len() as i64 > limit {
        events.truncate(limit as usize);
        reached = events.last().map_or(reached, |last| Position(last.position));
    }
    Ok(Batch { events, reached })
}

/// Shows events to somebody: those of what they see, as they may see them.
pub(crate) async fn shown(
    api: &QueryApi,
    snapshot: &mut Snapshot,
    caller: &Principal,
    facts: Vec<Fact>,
) -> Result<Vec<CloudEvent>, QueryError> {
    let facts = visibility::keep_visible(snapshot, caller, facts).await?;
    let redacted = visibility::redacted(snapshot, &api.0.upcasters, &facts).await?;
    Ok(facts
        .iter()
        .filter_map(|fact| {
            let shown = visibility::show(fact, caller, &redacted)?;
            Some(CloudEvent::new(fact, shown, &api.0.cell, caller.tenant))
        })
        .collect())
}

struct Following {
    api: QueryApi,
    caller: Arc<Principal>,
    types: Vec<String>,
    ear: Ear,
    after: Position,
    ready: VecDeque<CloudEvent>,
}

/// All events after a position, and then as they come. Never ends by itself.
pub(crate) fn follow(
    api: QueryApi,
    caller: Arc<Principal>,
    types: Vec<String>,
    after: Position,
) -> impl Stream<Item = CloudEvent> + Send + use<> {
    let ear = api.0.wake.listen();
    let following = Following { api, caller, types, ear, after, ready: VecDeque::new() };
    stream::unfold(following, |mut following| async {
        following.next().await.map(|event| (event, following))
    })
}

impl Following {
    async fn next(&mut self) -> Option<CloudEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            match self.read_on().await {
                Ok(true) => {}
                Ok(false) => self.ear.beyond(self.after).await,
                Err(error) => {
                    tracing::warn!(%error, "an event stream waits for the database");
                    pause(PAUSE).await;
                }
            }
        }
    }

    /// Reads what there is; `false` if there is nothing new.
    async fn read_on(&mut self) -> Result<bool, QueryError> {
        if self.api.0.progress.position(Source::Log).await? <= self.after {
            return Ok(false);
        }
        let mut snapshot = Snapshot::begin(&self.api.0.pool, self.caller.tenant, Source::Log).await?;
        let batch = read(&self.api, &mut snapshot, &self.caller, self.after, &self.types, BATCH).await?;
        snapshot.close().await?;
        let grown = batch.reached > self.after;
        self.after = batch.reached;
        self.ready.extend(batch.events);
        Ok(grown)
    }
}
