//! The dashboard as it changes: one reader for each tenant that somebody looks at, whoever many look.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use domain::ids::TenantId;
use futures::stream;
use service_kit::wait::pause;
use tokio::sync::watch;

use super::figures::{Dashboard, SOURCE};
use crate::QueryApi;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::http::queue::list::Nothing;
use crate::http::refusals::{Refusals, TooMany};
use crate::live;
use crate::snapshot::Snapshot;

/// Between two looks, and so between two messages.
const LOOK: Duration = Duration::from_secs(1);

/// What is to be shown; none before the first look.
type Shown = Option<Arc<str>>;

/// The dashboards that are being looked at.
#[derive(Debug, Default)]
pub(crate) struct Dashboards(Mutex<HashMap<TenantId, watch::Sender<Shown>>>);

impl Dashboards {
    /// A tenant's dashboard, from now on.
    fn look_at(&self, api: &QueryApi, tenant: TenantId) -> watch::Receiver<Shown> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match open.entry(tenant) {
            Entry::Occupied(reader) => reader.get().subscribe(),
            Entry::Vacant(place) => {
                let (sender, receiver) = watch::channel(None);
                place.insert(sender.clone());
                let (api, shutdown) = (api.clone(), api.0.shutdown.clone());
                tokio::spawn(async move { shutdown.run_until_cancelled(read(api, tenant, sender)).await });
                receiver
            }
        }
    }

    /// Lets go of a dashboard that nobody looks at any more; says whether that is so.
    fn let_go(&self, tenant: TenantId, sender: &watch::Sender<Shown>) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let alone = sender.receiver_count() == 0;
        if alone {
            open.remove(&tenant);
        }
        alone
    }
}

/// Looks again and again, as long as anybody wants to know.
async fn read(api: QueryApi, tenant: TenantId, sender: watch::Sender<Shown>) {
    let mut last = String::new();
    while !api.0.dashboards.let_go(tenant, &sender) {
        match look(&api, tenant).await {
            Ok((figures, message)) if figures != last => {
                last = figures;
                sender.send_replace(Some(message.into()));
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "a dashboard waits for the database"),
        }
        pause(LOOK).await;
    }
}

/// The figures without the time, by which they are compared, and with it.
async fn look(api: &QueryApi, tenant: TenantId) -> Result<(String, String), QueryError> {
    let _turn = api.0.hub.reader_turn().await;
    let mut snapshot = Snapshot::begin(&api.0.pool, tenant, SOURCE).await?;
    let dashboard = Dashboard::read(api, &mut snapshot, tenant).await?;
    snapshot.close().await?;
    let message = serde_json::to_string(&dashboard)?;
    Ok((serde_json::to_string(&dashboard.timeless())?, message))
}

/// The dashboard as it changes, as server-sent events: what `/v1/stats/dashboard` answers, once at the
/// beginning and then when a figure has changed, at most once a second.
///
/// Nothing is missed by coming late: each message has all figures. The stream ends when the token expires.
#[utoipa::path(
    get, path = "/v1/stats/dashboard/stream", operation_id = "follow_dashboard", tag = "Statistics",
    params(Freshness),
    responses(
        (status = 200, description = "The stream.", body = String, content_type = "text/event-stream",
         example = "event: dashboard\ndata: {\"at\":\"2026-01-31T08:00:00.000000Z\",\"open\":120}\n\n"),
        Refusals,
        TooMany,
    ),
)]
pub(crate) async fn follow_dashboard(
    State(api): State<QueryApi>,
    asking: Asking,
    Asked(Nothing): Asked<Nothing>,
) -> Result<Response, QueryError> {
    let place = api.place(&asking, "dashboard")?;
    let snapshot = api.snapshot(&asking, SOURCE).await?;
    snapshot.close().await?;
    let receiver = api.0.dashboards.look_at(&api, asking.principal.tenant);
    let messages = stream::unfold(receiver, |mut receiver| async move {
        loop {
            // Whoever looks for all of them is gone: the service stops.
            receiver.changed().await.ok()?;
            let shown = receiver.borrow_and_update().clone();
            if let Some(shown) = shown {
                return Some((live::message(None, "dashboard", &shown), receiver));
            }
        }
    });
    Ok(live::respond(&api, place, asking.token, messages))
}
