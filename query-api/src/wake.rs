//! Waking event streams when the log has grown.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::Position;
use futures::StreamExt as _;
use futures::future::select_all;
use service_kit::wait::pause;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The net under every wake-up: after this, streams look for themselves.
pub(crate) const NET: Duration = Duration::from_secs(1);

/// Says that the log has grown. It may say so late or never: streams look for themselves once a
/// second.
#[derive(Clone, Debug)]
pub struct Wake {
    heads: Vec<watch::Receiver<Position>>,
    ears: Vec<Arc<watch::Sender<usize>>>,
}

impl Wake {
    /// Nobody says so: streams look once a second.
    pub fn polling() -> Self {
        Self { heads: Vec::new(), ears: Vec::new() }
    }

    /// The writer in the same process says so.
    pub fn on(head: watch::Receiver<Position>) -> Self {
        Self { heads: vec![head], ears: Vec::new() }
    }

    /// The relay's messages say so, for processes without a writer or with others beside them. They
    /// are listened to only while somebody follows: hearing of every event has its price.
    pub fn nats(client: async_nats::Client, cell: &str, shutdown: CancellationToken) -> Self {
        let (head, receiver) = watch::channel(Position::START);
        let ears = Arc::new(watch::channel(0).0);
        let listening = ears.subscribe();
        let subject = format!("docket.{cell}.events.>");
        tokio::spawn(async move {
            shutdown.run_until_cancelled(listen(client, subject, head, listening)).await;
        });
        Self { heads: vec![receiver], ears: vec![ears] }
    }

    /// Either says so: the writer here, and others' by NATS.
    pub fn or(mut self, other: Self) -> Self {
        self.heads.extend(other.heads);
        self.ears.extend(other.ears);
        self
    }

    /// Begins to listen, until what is given back is dropped.
    pub(crate) fn listen(&self) -> Ear {
        for ears in &self.ears {
            ears.send_modify(|count| *count += 1);
        }
        Ear(self.clone())
    }
}

/// One that listens.
pub(crate) struct Ear(Wake);

impl Ear {
    /// Waits until the log is said to be beyond `position`, for a second at most.
    pub(crate) async fn beyond(&mut self, position: Position) {
        let told = self.0.heads.iter_mut().map(|head| {
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

impl Drop for Ear {
    fn drop(&mut self) {
        for ears in &self.0.ears {
            ears.send_modify(|count| *count -= 1);
        }
    }
}

/// Subscribes while anybody listens.
async fn listen(
    client: async_nats::Client,
    subject: String,
    head: watch::Sender<Position>,
    mut listening: watch::Receiver<usize>,
) {
    while listening.wait_for(|ears| *ears > 0).await.is_ok() {
        let Ok(mut messages) = client.subscribe(subject.clone()).await else {
            pause(NET).await;
            continue;
        };
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => note(&head, &message),
                    None => break,
                },
                _ = listening.wait_for(|ears| *ears == 0) => break,
            }
        }
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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use service_kit::wait::until;

    use super::*;

    /// Well below the net, so that it wasn't the net.
    const SOON: Duration = Duration::from_millis(700);

    #[tokio::test]
    async fn the_writer_wakes() {
        let (head, receiver) = watch::channel(Position::START);
        let mut ear = Wake::polling().or(Wake::on(receiver)).listen();
        let start = Instant::now();
        head.send_replace(Position(1));
        ear.beyond(Position::START).await;
        assert!(start.elapsed() < SOON);
        // A writer that is gone isn't heard for ever.
        drop(head);
        ear.beyond(Position(1)).await;
        assert!(start.elapsed() >= NET);
    }

    #[tokio::test]
    async fn the_relays_messages_wake_while_somebody_listens() {
        let url = std::env::var("DOCKET_TEST_NATS_URL")
            .expect("DOCKET_TEST_NATS_URL is not set: run the tests by `make test`");
        let client = async_nats::connect(url).await.unwrap();
        let cell = format!("wake{}", std::process::id());
        let subject = format!("docket.{cell}.events.t.ticket.i.TagAdded");
        let publish = |position: i64| {
            let mut headers = async_nats::HeaderMap::new();
            headers.insert("docket-position", position.to_string());
            client.publish_with_headers(subject.clone(), headers, "{}".into())
        };
        let wake = Wake::nats(client.clone(), &cell, CancellationToken::new());
        let ear = wake.listen();
        let heard = until(Duration::from_secs(5), Duration::from_millis(20), || async {
            publish(7).await.unwrap();
            (*ear.0.heads[0].borrow() == Position(7)).then_some(())
        });
        heard.await.unwrap();
        drop(ear);
        let again = until(Duration::from_secs(5), Duration::from_millis(20), || async {
            let mut ear = wake.listen();
            publish(8).await.unwrap();
            ear.beyond(Position(7)).await;
            (*ear.0.heads[0].borrow() == Position(8)).then_some(())
        });
        again.await.unwrap();
    }
}
