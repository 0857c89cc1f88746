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
