//! The relay's life: wait for leadership, find the place, publish, until the lease or the shutdown ends it.

use std::time::Duration;

use async_nats::Subscriber;
use async_nats::connection::State;
use async_nats::jetstream::{Context, ContextBuilder};
use domain::ids::Position;
use futures::StreamExt;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::RelayOptions;
use super::leader::Lease;
use super::publish::{BrokenOff, Publisher};
use super::reconcile::{ReconcileError, reconcile};
use super::stopped::Stopped;
use super::stream;
use crate::pause::{pause, pause_until};
use crate::reader::{LogReader, is_full};
use crate::subjects;

/// From the log to the stream.
pub struct Relay {
    options: RelayOptions,
    context: Context,
    reader: LogReader,
}

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// A batch earns a rest, so that under load the next one is larger: reading and acknowledging one
/// costs about the same, whatever its size. A lone event's rest is over before anybody notices.
const REST: Duration = Duration::from_micros(200);
const LONGEST_REST: Duration = Duration::from_millis(25);
/// The stream is looked at with every fourth renewal of the lease.
const LOOK_EVERY: u32 = 4;
/// After so many refusals in a row, without any progress, the stream is built anew.
const IN_VAIN: u32 = 5;

impl Relay {
    /// Relays until the shutdown. Whatever fails (Postgres, NATS) is tried again; nothing else
    /// waits for it.
    pub async fn run(options: RelayOptions, shutdown: CancellationToken) {
        let context = ContextBuilder::new()
            .timeout(Duration::from_secs(2))
            .ack_timeout(Duration::from_secs(2))
            .max_ack_inflight(options.in_flight * 4)
            .build(options.client.clone());
        let reader = LogReader::new(options.pool.clone());
        let relay = Self { options, context, reader };
        while !shutdown.is_cancelled() {
            let taken = Lease::take(
                &relay.options.pool,
                &relay.options.cell,
                &relay.options.instance,
                relay.options.lease,
            );
            let taken = tokio::select! {
                () = shutdown.cancelled() => return,
                taken = taken => taken,
            };
            match taken {
                Ok(Some(lease)) => relay.lead(lease, &shutdown).await,
                Ok(None) => relay.follow(&shutdown).await,
                Err(error) => {
                    tracing::warn!(%error, "the relay can't reach Postgres");
                    rest(relay.options.poll * 2, &shutdown).await;
                }
            }
        }
    }

    /// Another instance leads: tell it of what is appended here, for as long as its lease may hold.
    async fn follow(&self, shutdown: &CancellationToken) {
        metrics::gauge!("docket_relay_leader").set(0.0);
        let mut wake = self.options.wake.clone();
        let ask_again = pause(self.options.lease / 3);
        tokio::pin!(ask_again);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = &mut ask_again => return,
                () = woken(&mut wake) => {
                    let poke = subjects::poke(&self.options.cell);
                    // A poke that is lost is made up for by the leader's own looking.
                    let _ = self.options.client.publish(poke, "".into()).await;
                }
            }
        }
    }

    async fn lead(&self, lease: Lease, shutdown: &CancellationToken) {
        metrics::gauge!("docket_relay_leader").set(1.0);
        tracing::info!(term = lease.term, cell = self.options.cell, "leads the relay");
        let mut wait = FIRST_PAUSE;
        let mut known = None;
        let mut in_vain = 0;
        while lease.holds() && !shutdown.is_cancelled() {
            let before = known;
            let stopped = match self.publish(&lease, &mut known, in_vain > IN_VAIN, shutdown).await {
                Ok(()) => break,
                Err(stopped) => stopped,
            };
            if stopped.ends_leadership() {
                tracing::warn!(%stopped, "no longer leads the relay");
                break;
            }
            let fenced = matches!(stopped, Stopped::BrokenOff(BrokenOff::Fenced));
            if known != before {
                (wait, in_vain) = (FIRST_PAUSE, 0);
            }
            in_vain = if fenced { in_vain + 1 } else { 0 };
            stopped.tell(wait == FIRST_PAUSE);
            // The lease outlasts NATS being down: no other instance could do better.
            tokio::select! {
                () = rest(wait, shutdown) => {}
                lost = lease.keep() => {
                    tracing::warn!(error = %lost, "no longer leads the relay");
                    break;
                }
            }
            wait = (wait * 2).min(LONGEST_PAUSE);
        }
        metrics::gauge!("docket_relay_leader").set(0.0);
        if lease.holds() {
            lease.release(known).await;
        }
    }

    /// Publishes until something breaks off, or until the shutdown.
    async fn publish(
        &self,
        lease: &Lease,
        known: &mut Option<Position>,
        stuck: bool,
        shutdown: &CancellationToken,
    ) -> Result<(), Stopped> {
        if self.options.client.connection_state() != State::Connected {
            return Err(Stopped::Disconnected);
        }
        let place = tokio::select! {
            place = reconcile(&self.options, &self.context, &self.reader, lease, *known, stuck) => place?,
            lost = lease.keep() => return Err(lost.into()),
        };
        *known = Some(place.position);
        let RelayOptions { cell, upcasters, .. } = &self.options;
        let mut publisher = Publisher::new(self.context.clone(), cell, upcasters.clone(), place);
        let mut pokes = self.options.client.subscribe(subjects::poke(&self.options.cell)).await.ok();
        let mut renew = interval(self.options.lease / 3);
        renew.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut wake = self.options.wake.clone();
        let mut more = true;
        let mut since_look = 0;
        let batch = (self.options.in_flight / 2).max(1);
        let mut rested = Instant::now();
        loop {
            // In batches: not a read for each message that is acknowledged.
            let has_room = publisher.in_flight() <= self.options.in_flight / 2;
            if more && has_room && Instant::now() >= rested {
                let events = self.reader.read_within_bytes(publisher.sent(), batch as i64).await?;
                if !lease.holds() {
                    return Err(Stopped::RanOut);
                }
                publisher.send(&events).await?;
                more = is_full(&events, batch);
                if !more {
                    rested = Instant::now() + (REST * events.len() as u32).min(LONGEST_REST);
                }
            }
            let has_room = publisher.in_flight() <= self.options.in_flight / 2;
            tokio::select! {
                biased;
                () = shutdown.cancelled() => {
                    let _ = timeout(Duration::from_secs(1), publisher.acknowledge_all()).await;
                    *known = Some(publisher.acknowledged());
                    return Ok(());
                }
                _ = renew.tick() => {
                    if lease.renew(Some(publisher.acknowledged())).await? {
                        return Err(Stopped::Reset);
                    }
                    since_look += 1;
                    if since_look >= LOOK_EVERY && publisher.in_flight() == 0 {
                        since_look = 0;
                        self.look(publisher.sequence()).await?;
                    }
                    self.measure(publisher.acknowledged()).await?;
                }
                acknowledged = publisher.acknowledge() => {
                    acknowledged?;
                    *known = Some(publisher.acknowledged());
                }
                () = pause_until(rested), if more && has_room => {}
                () = woken(&mut wake), if !more => more = true,
                () = poked(&mut pokes), if !more => more = true,
                () = pause(self.options.poll), if !more => more = true,
            }
        }
    }

    /// While nothing is published, nothing tells that the stream was deleted, emptied or cut.
    async fn look(&self, last_sequence: u64) -> Result<(), Stopped> {
        let found = stream::find(&self.context, &self.options.cell).await;
        let there = found.map_err(ReconcileError::from)?.is_some_and(|stream| {
            let state = &stream.cached_info().state;
            state.last_sequence == last_sequence && (state.messages > 0 || state.last_sequence == 0)
        });
        if there { Ok(()) } else { Err(BrokenOff::Fenced.into()) }
    }

    async fn measure(&self, position: Position) -> Result<(), sqlx::Error> {
        let lag = sqlx::query!(
            r#"SELECT coalesce((SELECT max(position) FROM events), 0) AS "head!",
                      coalesce((SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float8
                                  FROM events WHERE position = $1::int8 + 1), 0) AS "seconds!""#,
            position.0,
        )
        .fetch_one(&self.options.pool)
        .await?;
        metrics::gauge!("docket_relay_position").set(position.0 as f64);
        metrics::gauge!("docket_relay_lag_events").set((lag.head - position.0) as f64);
        metrics::gauge!("docket_relay_lag_seconds").set(lag.seconds);
        Ok(())
    }
}

/// The log's head went up, as this process knows it. Without a writer here, never.
async fn woken(wake: &mut watch::Receiver<Position>) {
    if wake.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn poked(pokes: &mut Option<Subscriber>) {
    match pokes {
        Some(subscriber) => {
            if subscriber.next().await.is_none() {
                *pokes = None;
            }
        }
        None => std::future::pending().await,
    }
}

async fn rest(length: Duration, shutdown: &CancellationToken) {
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = pause(length) => {}
    }
}
