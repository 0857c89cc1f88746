//! Following the log as it grows.
//!
//! A follower goes by position: what is behind it reads from the log by itself, and once it has caught
//! up it takes what is new from the window that all of its tenant share. So a slow consumer holds no
//! more than one small batch and keeps nobody waiting, and one that comes back goes on exactly where it
//! was.

mod channel;
mod filter;
mod hub;
mod reader;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::identity::Principal;
use domain::ids::Position;
use futures::stream::{self, Stream};
use service_kit::wait::pause;
use tokio::sync::watch;

pub(crate) use self::filter::Filter;
pub(crate) use self::hub::Hub;

use self::channel::{Channel, Entry, Found};
use crate::QueryApi;
use crate::error::QueryError;
use crate::http::event_view::CloudEvent;
use crate::log::{self, Fact, Most};
use crate::snapshot::{Snapshot, Source};
use crate::visibility::{self, Tickets, Withdrawn};
use crate::wake::NET;

/// How many of the tenant's events one statement goes over where it leaves out some.
const SPAN: i64 = 5000;
/// What a follower holds at most.
const BATCH: Most = Most { events: 50, bytes: 48 * 1024 };
/// How many events are looked at, at least, for somebody who sees only some tickets.
const LOOK: i64 = 500;
/// After the database failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Some events, and the position up to which nothing else is for the caller.
pub(crate) struct Batch {
    pub(crate) events: Vec<CloudEvent>,
    pub(crate) reached: Position,
    /// It ends before its time, because its events are large.
    pub(crate) heavy: bool,
}

/// Reads on after a position, up to `end`: no more than `most`, within one span of the tenant's events.
pub(crate) async fn read(
    api: &QueryApi,
    snapshot: &mut Snapshot,
    caller: &Principal,
    (after, end): (Position, Position),
    filter: &Filter,
    most: Most,
) -> Result<Batch, QueryError> {
    if end <= after {
        return Ok(Batch { events: Vec::new(), reached: after, heavy: false });
    }
    // Where little is for the caller, more is looked at, so that they come on.
    let look = if visibility::sees_everything(caller) { most.events } else { most.events.max(LOOK) };
    let look = Most { events: look, ..most };
    let (stretch, until) = if filter.subjects.is_empty() {
        let until = if filter.is_narrow() { log::span(snapshot, after, SPAN).await?.min(end) } else { end };
        (log::window(snapshot, after, until, filter, look).await?, until)
    } else {
        (log::window_of(snapshot, after, end, filter, look).await?, end)
    };
    let heavy = stretch.more && (stretch.logged.len() as i64) < look.events;
    let last = stretch.logged.last().map(|last| Position(last.position));
    let mut reached = last.filter(|_| stretch.more).unwrap_or(until);
    let facts = stretch.logged.into_iter().map(|one| one.read(&api.0.upcasters)).collect();
    let mut events = shown(api, snapshot, caller, facts).await?;
    if events.len() as i64 > most.events {
        events.truncate(most.events as usize);
        reached = events.last().map_or(reached, |last| Position(last.position));
    }
    Ok(Batch { events, reached, heavy })
}

/// Shows events to somebody: those of what they see, as they may see them.
pub(crate) async fn shown(
    api: &QueryApi,
    snapshot: &mut Snapshot,
    caller: &Principal,
    facts: Vec<Fact>,
) -> Result<Vec<CloudEvent>, QueryError> {
    let (facts, tickets) = visibility::keep_visible(snapshot, &api.0.upcasters, caller, facts).await?;
    let withdrawn = Withdrawn::read(snapshot, &api.0.upcasters, &facts).await?;
    Ok(facts.iter().filter_map(|fact| show(api, fact, caller, tickets.as_ref(), &withdrawn)).collect())
}

fn show(
    api: &QueryApi,
    fact: &Fact,
    caller: &Principal,
    tickets: Option<&Tickets>,
    withdrawn: &Withdrawn,
) -> Option<CloudEvent> {
    let shown = visibility::show(fact, caller, tickets, withdrawn)?;
    Some(CloudEvent::new(fact, shown, &api.0.cell, caller.tenant))
}

/// Somebody who follows.
pub(crate) struct Follower {
    api: QueryApi,
    caller: Arc<Principal>,
    sees_all: bool,
    filter: Filter,
    channel: Arc<Channel>,
    news: watch::Receiver<Position>,
    after: Position,
}

impl Follower {
    /// Follows from after a position.
    pub(crate) fn new(api: QueryApi, caller: Arc<Principal>, filter: Filter, after: Position) -> Self {
        let channel = api.0.hub.join(&api, caller.tenant);
        let sees_all = visibility::sees_all(&caller);
        if !sees_all {
            channel.selective.fetch_add(1, Ordering::Relaxed);
        }
        let news = channel.head.subscribe();
        Self { api, caller, sees_all, filter, channel, news, after }
    }

    /// Up to here nothing else is for the caller.
    pub(crate) fn position(&self) -> Position {
        self.after
    }

    /// What comes next: one event at least, once there is one. Given up half-way, it begins again.
    pub(crate) async fn next(&mut self) -> Vec<CloudEvent> {
        loop {
            let events = match self.channel.after(self.after, BATCH.events as usize) {
                Found::Events(entries, withdrawn) => match self.take(&entries, &withdrawn) {
                    Some(events) => events,
                    None => self.catch_up().await,
                },
                Found::Behind => self.catch_up().await,
                Found::Nothing(after) => {
                    self.after = after;
                    // The channel is held here, so it isn't gone.
                    let _ = self.news.wait_for(|head| *head > after).await;
                    continue;
                }
            };
            if !events.is_empty() {
                return events;
            }
        }
    }

    /// Takes from the window; nothing if it doesn't say who may know of what.
    fn take(&mut self, entries: &[Arc<Entry>], withdrawn: &Withdrawn) -> Option<Vec<CloudEvent>> {
        let (mut events, mut bytes) = (Vec::new(), 0);
        let mut reached = self.after;
        for entry in entries {
            let fact = &entry.fact;
            let visible = self.sees_all
                || match &entry.tickets {
                    Some(tickets) => visibility::knows_of(fact, &self.caller, tickets),
                    None => return None,
                };
            reached = Position(fact.logged.position);
            if visible && self.filter.takes(&fact.logged) {
                events.extend(show(&self.api, fact, &self.caller, entry.tickets.as_deref(), withdrawn));
                bytes += fact.logged.payload.len();
            }
            if bytes >= BATCH.bytes {
                break;
            }
        }
        self.after = reached;
        Some(events)
    }

    /// Reads on from the log, or waits where there is nothing yet.
    async fn catch_up(&mut self) -> Vec<CloudEvent> {
        match self.read_on().await {
            Ok(Some(events)) => events,
            Ok(None) => {
                let _ = tokio::time::timeout(NET, self.news.changed()).await;
                Vec::new()
            }
            Err(error) => {
                tracing::warn!(%error, "an event stream waits for the database");
                pause(PAUSE).await;
                Vec::new()
            }
        }
    }

    /// Reads on in a task of its own: a stream goes no further than its caller takes it, and must not stop with
    /// a share in its hands that others wait for.
    async fn read_on(&mut self) -> Result<Option<Vec<CloudEvent>>, QueryError> {
        let (api, caller, after) = (self.api.clone(), self.caller.clone(), self.after);
        let filter = self.filter.clone();
        let task = tokio::spawn(async move {
            let _share = api.0.capacity.behind(&caller).await?;
            let mut snapshot = Snapshot::begin(&api.0.pool, caller.tenant, Source::Log).await?;
            let stretch = (after, snapshot.position);
            let batch = read(&api, &mut snapshot, &caller, stretch, &filter, BATCH).await?;
            snapshot.close().await?;
            Ok::<_, QueryError>(batch)
        });
        let batch = task.await.map_err(|_| sqlx::Error::WorkerCrashed)??;
        let grown = batch.reached > self.after;
        self.after = batch.reached;
        Ok(grown.then_some(batch.events))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        if !self.sees_all {
            self.channel.selective.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// All events after a position, and then as they come. Never ends by itself.
pub(crate) fn follow(follower: Follower) -> impl Stream<Item = CloudEvent> + Send {
    let start = (follower, Vec::new().into_iter());
    stream::unfold(start, |(mut follower, mut ready)| async move {
        loop {
            if let Some(event) = ready.next() {
                return Some((event, (follower, ready)));
            }
            ready = follower.next().await.into_iter();
        }
    })
}
