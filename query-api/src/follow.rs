//! Following the log as it grows: one reader per stream, by position, so that a slow consumer holds
//! no more than one batch, and one that comes back goes on exactly where it was.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use domain::identity::Principal;
use domain::ids::Position;
use futures::StreamExt as _;
use futures::future::select_all;
use futures::stream::{self, Stream};
use service_kit::wait::pause;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::QueryApi;
use crate::error::QueryError;
use crate::http::event_view::CloudEvent;
use crate::log::{self, Logged};
use crate::snapshot::{Snapshot, Source};
use crate::visibility;

/// How many positions one statement goes over.
const SPAN: i64 = 5000;
/// How many events a stream holds at most.
const BATCH: i64 = 100;
/// The net under every wake-up, and how soon a token that has expired ends its stream.
const NET: Duration = Duration::from_secs(1);
/// After the database failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Says that the log has grown. It may say so late or never: streams look for themselves once a
/// second.
#[derive(Clone, Debug)]
pub struct Wake(Vec<watch::Receiver<Position>>);

impl Wake {
    /// Nobody says so: streams look once a second.
    pub fn polling() -> Self {
        Self(Vec::new())
    }

    /// The writer in the same process says so.
    pub fn on(head: watch::Receiver<Position>) -> Self {
        Self(vec![head])
    }

    /// The relay's messages say so, for a process without a writer.
    pub fn nats(client: async_nats::Client, cell: &str, shutdown: CancellationToken) -> Self {
        let (sender, receiver) = watch::channel(Position::START);
        let subject = format!("docket.{cell}.events.>");
        tokio::spawn(async move {
            let listen = async {
                loop {
                    if let Ok(mut messages) = client.subscribe(subject.clone()).await {
                        while let Some(message) = messages.next().await {
                            note(&sender, &message);
                        }
                    }
                    pause(NET).await;
                }
            };
            shutdown.run_until_cancelled(listen).await;
        });
        Self(vec![receiver])
    }

    /// Either says so: the writer here, and others' by NATS.
    pub fn or(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Waits until the log is said to be beyond `position`, for a second at most.
    async fn beyond(&mut self, position: Position) {
        let told = self.0.iter_mut().map(|head| {
            Box::pin(async move {
                if head.wait_for(|head| *head > position).await.is_err() {
                    // Whoever said so is gone.
                    std::future::pending::<()>().await;
                }
            })
        });
        let told: Vec<_> = told.collect();
        let wait = async {
            if told.is_empty() {
                std::future::pending::<()>().await;
            } else {
                select_all(told).await;
            }
        };
        let _ = tokio::time::timeout(NET, wait).await;
    }
}

fn note(sender: &watch::Sender<Position>, message: &async_nats::Message) {
    let position = message
        .headers
        .as_ref()
        .and_then(|headers| headers.get("docket-position"))
        .and_then(|value| value.as_str().parse().ok());
    if let Some(position) = position.map(Position) {
        sender.send_if_modified(|head| {
            let grown = position > *head;
            *head = position.max(*head);
            grown
        });
    }
}

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
    let logged = log::window(snapshot, after, until, types, limit).await?;
    let full = logged.len() as i64 == limit;
    let reached = logged.last().filter(|_| full).map_or(until, |last| Position(last.position));
    let events = shown(api, snapshot, caller, logged).await?;
    Ok(Batch { events, reached })
}

/// Shows events to somebody: those of what they see, as they may see them.
pub(crate) async fn shown(
    api: &QueryApi,
    snapshot: &mut Snapshot,
    caller: &Principal,
    logged: Vec<Logged>,
) -> Result<Vec<CloudEvent>, QueryError> {
    let facts = logged.into_iter().map(|one| one.read(&api.0.upcasters)).collect();
    let facts = visibility::keep_visible(snapshot, caller, facts).await?;
    let redacted = visibility::redacted(snapshot, &facts).await?;
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
    /// With the token, which is looked at again and again: a stream ends with it.
    headers: HeaderMap,
    types: Vec<String>,
    wake: Wake,
    after: Position,
    ready: VecDeque<CloudEvent>,
    checked: Instant,
}

/// All events after a position, and then as they come. Ends when the token expires, when the service
/// stops, and never otherwise.
pub(crate) fn follow(
    api: QueryApi,
    caller: Arc<Principal>,
    headers: HeaderMap,
    types: Vec<String>,
    after: Position,
) -> impl Stream<Item = CloudEvent> + Send + use<> {
    let shutdown = api.0.shutdown.clone();
    let wake = api.0.wake.clone();
    let following = Following {
        api,
        caller,
        headers,
        types,
        wake,
        after,
        ready: VecDeque::new(),
        checked: Instant::now(),
    };
    stream::unfold(following, |mut following| async {
        following.next().await.map(|event| (event, following))
    })
    .take_until(shutdown.cancelled_owned())
}

impl Following {
    async fn next(&mut self) -> Option<CloudEvent> {
        loop {
            if self.checked.elapsed() >= NET {
                self.api.0.authenticator.authenticate(&self.headers).await.ok()?;
                self.checked = Instant::now();
            }
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            match self.read_on().await {
                Ok(true) => {}
                Ok(false) => self.wake.beyond(self.after).await,
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
