//! Those who follow the stream go through whatever happens to it, and have every event once and in order, by
//! the rules of `docs/consuming.md` alone.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use docket_tests::{Access, Docket, eventually};
use futures::StreamExt;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const STREAM: &str = "DOCKET_MAIN";
/// After which an ordered consumer is looked after.
const SILENCE: Duration = Duration::from_secs(5);

/// What a follower keeps, whatever becomes of its program.
#[derive(Clone)]
struct Kept {
    who: &'static str,
    positions: Arc<Mutex<Vec<i64>>>,
}

impl Kept {
    fn of(who: &'static str) -> Self {
        Self { who, positions: Arc::default() }
    }

    fn list(&self) -> MutexGuard<'_, Vec<i64>> {
        self.positions.lock().expect("the list")
    }

    fn last(&self) -> i64 {
        self.list().last().copied().unwrap_or(0)
    }

    /// By position: what it has already it passes over.
    fn take(&self, position: i64) {
        if position > self.last() {
            self.list().push(position);
        }
    }

    async fn reaches(&self, head: i64) {
        eventually(&format!("{} reaches position {head}", self.who), || {
            let reached = self.last() >= head;
            async move { reached.then_some(()) }
        })
        .await;
    }

    /// There is one tenant, so its events are all that there are. Timers may have written more by now.
    fn assert_all_once_in_order(&self, head: i64) {
        let (who, kept) = (self.who, self.list());
        assert!(
            kept.len() >= usize::try_from(head).expect("a position"),
            "{who} had {} of {head}",
            kept.len()
        );
        for (expected, position) in (1..).zip(kept.iter()) {
            assert_eq!(*position, expected, "{who} went on past a gap");
        }
    }
}

fn header(message: &async_nats::Message, name: &str) -> i64 {
    let headers = message.headers.as_ref().expect("headers");
    headers.get(name).expect("the header").as_str().parse().expect("a number")
}

/// A tenant's program, with its durable.
fn durable(access: Access, kept: Kept) -> JoinHandle<()> {
    tokio::spawn(async move {
        let client = eventually("a connection", || async { access.connect().await.ok() }).await.0;
        loop {
            let consumer = eventually("the consumer is there", || access.consumer(client.clone())).await;
            let Ok(mut messages) = Access::messages(&consumer).await else { continue };
            // An error is that the consumer, or the server, is gone: it is asked for again.
            while let Some(Ok(message)) = messages.next().await {
                kept.take(header(&message, "docket-position"));
                let _ = message.ack().await;
            }
        }
    })
}

/// A program that runs beside Docket, with an ordered consumer of everything.
fn ordered(client: async_nats::Client, kept: Kept) -> JoinHandle<()> {
    tokio::spawn(async move {
        let context = jetstream::new(client);
        loop {
            let consumer = eventually("an ordered consumer", || async {
                let stream = context.get_stream(STREAM).await.ok()?;
                stream.create_consumer(OrderedConfig::default()).await.ok()
            })
            .await;
            let Ok(mut messages) = consumer.messages().await else { continue };
            let mut epoch = None;
            // The client may not notice that its consumer is gone: so silence ends it as well.
            while let Ok(Some(Ok(message))) = timeout(SILENCE, messages.next()).await {
                let position = header(&message, "docket-position");
                // It goes on by the stream's sequences, which mean nothing in another stream; and without a
                // filter a gap is a loss. Either way: from the first event again, past what is kept.
                if *epoch.get_or_insert(header(&message, "docket-epoch")) != header(&message, "docket-epoch")
                    || position > kept.last() + 1
                {
                    break;
                }
                kept.take(position);
            }
        }
    })
}

async fn some_tickets(docket: &Docket, count: usize) {
    let client = docket.client("support_agent", "amir");
    for number in 0..count {
        let opened = client.open(&format!("Ticket {number}")).await;
        let path = format!("/v1/tickets/{}/reply", opened.text("id"));
        client.post(&path, json!({"body": "Seen."})).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_and_an_ordered_consumer_have_every_event_once_through_all_of_it() {
    let mut docket = Docket::up().await;
    let access = Access::create(&docket, "warehouse", "default", &[]);
    let (tenants, owners) = (Kept::of("the durable"), Kept::of("the ordered consumer"));
    let mut followers =
        [durable(access.clone(), tenants.clone()), ordered(docket.nats().await, owners.clone())];
    let both_reach = async |head: i64| {
        tenants.reaches(head).await;
        owners.reaches(head).await;
    };
    some_tickets(&docket, 10).await;
    both_reach(docket.settled().await).await;

    // The relay ends without a word, and its server with it, while it has something to do.
    some_tickets(&docket, 10).await;
    docket.kill().await;
    docket.up_again().await;
    some_tickets(&docket, 10).await;
    both_reach(docket.settled().await).await;

    // The stream is gone, and every consumer with it; what comes next is a new epoch.
    let context = jetstream::new(docket.nats().await);
    context.delete_stream(STREAM).await.expect("deleted");
    some_tickets(&docket, 10).await;
    both_reach(docket.settled().await).await;

    // Both are away so long that the server has forgotten their places, and there is more than any buffer
    // holds. The stream is made anew meanwhile as well.
    for follower in &followers {
        follower.abort();
    }
    docket.run_ok(&["demo", "--tickets", "400"]);
    let context = jetstream::new(docket.nats().await);
    // Where the keeper of consumers was faster, it is the second one that is removed.
    let _ = context.delete_consumer_from_stream(&access.consumers[0].name, STREAM).await;
    docket.run_ok(&["relay", "reset"]);
    some_tickets(&docket, 10).await;
    let head = docket.settled().await;
    followers = [durable(access, tenants.clone()), ordered(docket.nats().await, owners.clone())];
    both_reach(head).await;
    tenants.assert_all_once_in_order(head);
    owners.assert_all_once_in_order(head);
    assert!(head > 1_500, "more than a handful: {head}");
    for follower in &followers {
        follower.abort();
    }
}
