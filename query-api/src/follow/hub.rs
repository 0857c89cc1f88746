//! The channels of the tenants that somebody follows, and what wakes their readers.
//!
//! One task looks how the log has grown, whoever said so, and tells the readers of those tenants whose
//! events came. A burst of commits is one look: at most one every [`APART`].

#![expect(
    clippy::disallowed_types,
    reason = "a tenant has one reader, so that first come, first served is fair"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use domain::ids::{Position, TenantId};
use service_kit::wait::pause;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::channel::Channel;
use super::reader;
use crate::QueryApi;
use crate::log;
use crate::snapshot::Source;

/// Between two looks.
const APART: Duration = Duration::from_millis(10);
/// After the database failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Who is followed.
pub(crate) struct Hub {
    followed: Mutex<Followed>,
    readers: Semaphore,
}

#[derive(Default)]
struct Followed {
    channels: HashMap<TenantId, Weak<Channel>>,
    /// Somebody looks how the log grows.
    watched: bool,
}

impl Hub {
    /// Nobody is. So many readers may use a connection at once; a tenant has one, so they are served fairly in
    /// the order in which they come.
    pub(crate) fn new(readers: usize) -> Self {
        Self { followed: Mutex::default(), readers: Semaphore::new(readers) }
    }

    /// The channel of a tenant, with its reader running.
    pub(super) fn join(&self, api: &QueryApi, tenant: TenantId) -> Arc<Channel> {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = followed.channels.get(&tenant).and_then(Weak::upgrade) {
            return channel;
        }
        let (channel, end) = Channel::new();
        followed.channels.insert(tenant, Arc::downgrade(&channel));
        if !std::mem::replace(&mut followed.watched, true) {
            tokio::spawn(watch(api.clone()));
        }
        let (api, weak) = (api.clone(), Arc::downgrade(&channel));
        tokio::spawn(async move { end.run_until_cancelled(reader::read_on(api, tenant, weak)).await });
        channel
    }

    /// Waits until one of the readers may use a connection.
    pub(crate) async fn reader_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.readers.acquire().await.ok()
    }

    /// Whether anybody is followed; if not, whoever asks is to stop looking.
    fn goes_on(&self) -> bool {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.channels.retain(|_, channel| channel.strong_count() > 0);
        followed.watched = !followed.channels.is_empty();
        followed.watched
    }

    /// As far as that each is to look for itself, which one that began a moment ago may not have.
    fn tell_all(&self, head: Position) {
        let followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        for channel in followed.channels.values().filter_map(Weak::upgrade) {
            channel.due.send_replace(head);
        }
    }

    fn tell(&self, tenants: &[TenantId], head: Position) {
        let followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        for tenant in tenants {
            if let Some(channel) = followed.channels.get(tenant).and_then(Weak::upgrade) {
                channel.due.send_replace(head);
            }
        }
    }
}

/// Looks how the log grows while anybody is followed.
async fn watch(api: QueryApi) {
    let hub = &api.0.hub;
    let mut ear = api.0.wake.listen();
    let mut at = loop {
        match api.0.progress.position(Source::Log).await {
            Ok(at) => break at,
            Err(error) => failed(&error).await,
        }
    };
    hub.tell_all(at);
    while hub.goes_on() {
        ear.beyond(at).await;
        let looked = Instant::now();
        match log::growth(&api.0.pool, at).await {
            Ok((head, tenants)) => {
                hub.tell(&tenants, head);
                at = head;
                pause(APART.saturating_sub(looked.elapsed())).await;
            }
            Err(error) => failed(&error).await,
        }
    }
}

async fn failed(error: &sqlx::Error) {
    tracing::warn!(%error, "event streams wait for the database");
    pause(PAUSE).await;
}
