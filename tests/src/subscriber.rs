//! Somebody who follows events, on one of the ways, and comes again whenever they are cut off.

use std::sync::{Arc, Mutex};

use futures::StreamExt;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::{Client, eventually};

/// A way to follow events over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The feed, with long polls.
    Feed,
    /// Server-sent events.
    Stream,
    /// A WebSocket.
    Socket,
}

/// Follows from the first event, and keeps the positions in the order in which they came.
pub struct Subscriber {
    way: Way,
    got: Arc<Mutex<Vec<i64>>>,
    address: watch::Sender<Option<String>>,
    task: JoinHandle<()>,
}

impl Subscriber {
    /// Begins at the client's address, with its token.
    pub fn new(way: Way, client: &Client, token: &str) -> Self {
        let (address, addresses) = watch::channel(Some(client.url().to_owned()));
        let got = Arc::default();
        let follower = Follower { token: token.to_owned(), got: Arc::clone(&got), after: 0 };
        let task = tokio::spawn(follower.follow(way, addresses));
        Self { way, got, address, task }
    }

    /// Goes on at another address, or at none until the next.
    pub fn connect(&self, address: Option<&str>) {
        self.address.send_replace(address.map(str::to_owned));
    }

    /// Waits until it has as many as these; fails the test unless it has exactly these.
    pub async fn has_exactly(&self, expected: &[i64]) {
        eventually(&format!("all events by {:?}", self.way), || {
            let got = self.positions();
            async move { (got.len() >= expected.len()).then_some(()) }
        })
        .await;
        assert_eq!(self.positions(), expected, "{:?}", self.way);
    }

    fn positions(&self) -> Vec<i64> {
        self.got.lock().expect("no panic before").clone()
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Follower {
    token: String,
    got: Arc<Mutex<Vec<i64>>>,
    after: i64,
}

impl Follower {
    async fn follow(mut self, way: Way, mut addresses: watch::Receiver<Option<String>>) {
        loop {
            let Ok(address) = addresses.wait_for(Option::is_some).await.map(|address| address.clone()) else {
                return;
            };
            let address = address.expect("one");
            let client = Client::new(&address, Some(&self.token));
            let ended = async {
                match way {
                    Way::Feed => self.poll(&client).await,
                    Way::Stream => self.stream(&client).await,
                    Way::Socket => self.socket(&address).await,
                }
            };
            tokio::select! {
                _ = ended => crate::wait::pause().await,
                changed = addresses.changed() => if changed.is_err() { return },
            }
        }
    }

    fn take(&mut self, event: &Value) -> Option<()> {
        self.after = event["position"].as_i64()?;
        self.got.lock().ok()?.push(self.after);
        Some(())
    }

    async fn poll(&mut self, client: &Client) -> Option<()> {
        loop {
            let path = format!("/v1/events?after={}&limit=1000", self.after);
            let request = client.request(reqwest::Method::GET, &path).header("prefer", "wait=10");
            let page = client.try_send(request).await.ok().filter(|answer| answer.status.is_success())?;
            for event in page.body["items"].as_array()? {
                self.take(event)?;
            }
            self.after = page.body["next_after"].as_i64()?;
        }
    }

    async fn stream(&mut self, client: &Client) -> Option<()> {
        let request = client.request(reqwest::Method::GET, "/v1/events/stream");
        let request = request.header("last-event-id", self.after.to_string());
        let mut body = request.send().await.ok()?.error_for_status().ok()?.bytes_stream();
        let mut text = Vec::new();
        while let Some(Ok(chunk)) = body.next().await {
            text.extend_from_slice(&chunk);
            while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = text.drain(..end + 2).collect();
                let block = String::from_utf8(block).ok()?;
                if let Some(data) = block.lines().find_map(|line| line.strip_prefix("data: ")) {
                    self.take(&serde_json::from_str(data).ok()?)?;
                }
            }
        }
        Some(())
    }

    async fn socket(&mut self, address: &str) -> Option<()> {
        let host = address.strip_prefix("http://")?;
        let url = format!("ws://{host}/v1/events/socket?after={}", self.after);
        let mut request = url.into_client_request().ok()?;
        let protocols = HeaderValue::from_str(&format!("docket.v1, bearer.{}", self.token)).ok()?;
        request.headers_mut().insert("sec-websocket-protocol", protocols);
        let stream = TcpStream::connect(host).await.ok()?;
        let (mut socket, _) = client_async(request, stream).await.ok()?;
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Text(text) = message {
                self.take(&serde_json::from_str(&text).ok()?)?;
            }
        }
        Some(())
    }
}
