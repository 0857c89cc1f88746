//! Reads one tenant's events for all who follow it, under its row-level security.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use domain::ids::{Position, TenantId};
use service_kit::wait::pause;
use tokio::sync::watch;

use super::Filter;
use super::channel::{Channel, Entry, FRESH};
use crate::QueryApi;
use crate::error::QueryError;
use crate::log::{self, Most};
use crate::snapshot::{Snapshot, Source};
use crate::visibility::{Tickets, Withdrawn};

/// How much is read at once.
const MOST: Most = Most { events: 500, bytes: 256 * 1024 };
/// After the database failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Reads until nobody follows any more.
pub(super) async fn read_on(api: QueryApi, tenant: TenantId, channel: Weak<Channel>) {
    let Some(mut due) = channel.upgrade().map(|channel| channel.due.subscribe()) else { return };
    let mut at = loop {
        match begin(&api, tenant, &channel).await {
            Ok(at) => break at,
            Err(error) => failed(&error).await,
        }
    };
    loop {
        if !reached(&mut due, at, &channel).await {
            return;
        }
        match read(&api, tenant, &channel, at).await {
            Ok(to) => at = to,
            Err(error) => failed(&error).await,
        }
    }
}

async fn failed(error: &QueryError) {
    tracing::warn!(%error, "event streams wait for the database");
    pause(PAUSE).await;
}

/// Begins at the log's head: what came before, each follower reads for itself.
async fn begin(api: &QueryApi, tenant: TenantId, channel: &Weak<Channel>) -> Result<Position, QueryError> {
    let _turn = api.0.hub.reader_turn().await;
    let snapshot = Snapshot::begin(&api.0.pool, tenant, Source::Log).await?;
    let at = snapshot.position;
    snapshot.close().await?;
    if let Some(channel) = channel.upgrade() {
        channel.begin(at);
    }
    Ok(at)
}

/// Waits until there is something after a position; `false` when nobody follows.
async fn reached(due: &mut watch::Receiver<Position>, at: Position, channel: &Weak<Channel>) -> bool {
    loop {
        match tokio::time::timeout(FRESH, due.wait_for(|due| *due > at)).await {
            Ok(Ok(_)) => return true,
            Ok(Err(_)) => return false,
            Err(_) => match channel.upgrade() {
                Some(channel) => channel.trim(),
                None => return false,
            },
        }
    }
}

async fn read(
    api: &QueryApi,
    tenant: TenantId,
    channel: &Weak<Channel>,
    after: Position,
) -> Result<Position, QueryError> {
    let wanted = channel.upgrade().is_some_and(|channel| channel.selective.load(Ordering::Relaxed) > 0);
    let turn = api.0.hub.reader_turn().await;
    let mut snapshot = Snapshot::begin(&api.0.pool, tenant, Source::Log).await?;
    let until = snapshot.position;
    let stretch = log::window(&mut snapshot, after, until, &Filter::default(), MOST).await?;
    let facts: Vec<_> = stretch.logged.into_iter().map(|one| one.read(&api.0.upcasters)).collect();
    // Up to the head, whatever changed a text is among them.
    let withdrawn = if stretch.more {
        Withdrawn::read(&mut snapshot, &api.0.upcasters, &facts).await?
    } else {
        Withdrawn::default()
    };
    let tickets = if wanted {
        Some(Arc::new(Tickets::of(&mut snapshot, &api.0.upcasters, &facts).await?))
    } else {
        None
    };
    snapshot.close().await?;
    drop(turn);
    let to = match facts.last() {
        Some(last) if stretch.more => Position(last.logged.position),
        _ => until,
    };
    let now = Instant::now();
    let entries = facts.into_iter().map(|fact| Entry::new(fact, tickets.clone(), now)).collect();
    if let Some(channel) = channel.upgrade() {
        channel.extend(entries, withdrawn, to);
    }
    Ok(to)
}
