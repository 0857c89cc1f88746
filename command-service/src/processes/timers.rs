//! Raises what is due: warnings, breaches, steps of escalations, the closing of resolved tickets.
//!
//! The read model `sla` knows when something is to be raised for which ticket, so that looking costs by
//! what is due and not by what is open. It is taken as a hint: the ticket's own events, and its tenant's
//! rules, say what is due and wasn't raised. That is appended to the version that was looked at, and to no
//! other. So each is raised once, whoever looks when, and whatever the read model shows.
//!
//! Time is the earlier of this process' clock and Postgres': a clock that runs ahead raises nothing early.

mod due;
mod ids;
mod visit;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::time::Clock;
use service_kit::wait::{Backoff, pause};
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::lease::Lease;
use crate::executor::Executor;
use due::Due;
use visit::{Visit, VisitError};

/// How often it is looked what is due.
const TICK: Duration = Duration::from_millis(200);
/// How long an instance leads without saying so again.
const LEASE: Duration = Duration::from_secs(5);
/// How many tickets are looked at together.
const AT_ONCE: i64 = 256;
/// How long the read model may take to come up with the log before the first look, for the sake of order.
const PATIENCE: Duration = Duration::from_secs(30);
/// After what time a ticket is looked at again for which the read model still shows the same.
const AGAIN: Duration = Duration::from_secs(30);

/// What the timers need.
pub(crate) struct Timers {
    /// Knows tenants' settings, and appends.
    pub(crate) executor: Executor,
    /// The database, as docket_command.
    pub(crate) pool: PgPool,
    /// Tells the time.
    pub(crate) clock: Arc<dyn Clock>,
    /// This process, unlike any other.
    pub(crate) instance: String,
}

/// What was looked at: the time that the read model showed, and when it may be looked at again.
type Seen = HashMap<Uuid, (DateTime<Utc>, Instant)>;

impl Timers {
    /// Works until the shutdown, whenever this instance leads. Whatever fails is tried again.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut lease = Lease::new(self.pool.clone(), "sla_timers", self.instance.clone(), LEASE);
        let mut pauses = Backoff::new(TICK, Duration::from_secs(5));
        let mut seen = Seen::new();
        let mut leads = false;
        while !shutdown.is_cancelled() {
            let ticked = self.tick(&mut lease, &mut leads, &mut seen, &shutdown).await;
            let wait = async {
                match ticked {
                    Ok(()) => {
                        pauses.reset();
                        pause(TICK).await;
                    }
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "timers are held up");
                        pauses.pause().await;
                    }
                }
            };
            tokio::select! {
                () = wait => {}
                () = shutdown.cancelled() => {}
            }
        }
        if let Err(error) = lease.let_go().await {
            tracing::info!(%error, "the lease of the timers ends by itself");
        }
    }

    async fn tick(
        &self,
        lease: &mut Lease,
        leads: &mut bool,
        seen: &mut Seen,
        shutdown: &CancellationToken,
    ) -> Result<(), VisitError> {
        let led = std::mem::replace(leads, lease.hold().await?);
        if !*leads {
            return Ok(());
        }
        if !led {
            tracing::info!(instance = self.instance, "raises what is due");
            seen.clear();
            due::caught_up(&self.pool, PATIENCE).await?;
        }
        let now = Instant::now();
        seen.retain(|_, (_, again)| *again > now);
        let mut last = None;
        while !shutdown.is_cancelled() && lease.hold().await? {
            let due = due::page(&self.pool, self.clock.now(), last, AT_ONCE).await?;
            let Some(end) = due.last() else { return Ok(()) };
            last = Some((end.next_at, end.ticket_id));
            let whole = due.len() as i64 == AT_ONCE;
            let new: Vec<Due> = due
                .into_iter()
                .filter(|due| seen.get(&due.ticket_id).is_none_or(|(shown, _)| *shown != due.next_at))
                .collect();
            if !new.is_empty() {
                metrics::gauge!("docket_sla_timers_due").set(new.len() as f64);
                let again = Instant::now() + AGAIN;
                let visited = Visit { executor: &self.executor, pool: &self.pool }.all(&new).await?;
                // What was refused because the ticket went on is looked at with the next tick.
                seen.extend(visited.into_iter().map(|due| (due.ticket_id, (due.next_at, again))));
            }
            if !whole {
                break;
            }
        }
        metrics::gauge!("docket_sla_timers_due").set(0.0);
        Ok(())
    }
}
