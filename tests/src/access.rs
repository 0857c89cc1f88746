//! A program's access to a tenant's events on NATS, as an operator makes it.

use std::time::Duration;

use async_nats::jetstream::consumer::pull::Stream;
use async_nats::jetstream::consumer::{PullConsumer, StreamError};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, ServerAddr};
use serde::Deserialize;
use tokio::sync::mpsc;

use crate::Docket;

/// What `docket consumer create` prints.
#[derive(Clone, Debug, Deserialize)]
pub struct Access {
    /// With user and password.
    pub url: String,
    /// The user.
    pub user: String,
    /// The stream.
    pub stream: String,
    /// Its consumers.
    pub consumers: Vec<Place>,
    /// Where the server isn't Docket's own.
    pub server_configuration: Option<Block>,
    domain: String,
}

/// What is to be put into the configuration of a server of one's own.
#[derive(Clone, Debug, Deserialize)]
pub struct Block {
    /// Among the exports of Docket's account.
    pub exports: String,
    /// Beside it.
    pub accounts: String,
}

/// One of its consumers.
#[derive(Clone, Debug, Deserialize)]
pub struct Place {
    /// The durable's name.
    pub name: String,
    /// What it delivers.
    pub subject: String,
}

impl Access {
    /// Has it made.
    #[track_caller]
    pub fn create(docket: &Docket, purpose: &str, tenant: &str, further: &[&str]) -> Self {
        let args = [&["consumer", "create", purpose, "--tenant", tenant, "--json"], further].concat();
        serde_json::from_str(&docket.run_ok(&args)).expect("JSON")
    }

    /// Connects; gives what the server refuses as well.
    pub async fn connect(
        &self,
    ) -> Result<(Client, mpsc::UnboundedReceiver<String>), async_nats::ConnectError> {
        let address: ServerAddr = self.url.parse().expect("an address");
        let (told, refusals) = mpsc::unbounded_channel();
        let (user, password) = (address.username(), address.password());
        let options = ConnectOptions::with_user_and_password(
            user.expect("a user").to_owned(),
            password.expect("a password").to_owned(),
        );
        let options = options.event_callback(move |event| {
            // Nobody listens any more once the test is over.
            let _ = told.send(event.to_string());
            std::future::ready(())
        });
        Ok((options.connect(address).await?, refusals))
    }

    /// Its part of JetStream.
    pub fn context(&self, client: Client) -> Context {
        jetstream::with_domain(client, &self.domain)
    }

    /// What a consumer delivers, asked for a few seconds at a time: where a request outlives who made it, the
    /// next one waits for its end.
    pub async fn messages(consumer: &PullConsumer) -> Result<Stream, StreamError> {
        let few = Duration::from_secs(4);
        consumer.stream().expires(few).heartbeat(few / 4).messages().await
    }

    /// Its first consumer; `None` where it isn't there (yet).
    pub async fn consumer(&self, client: Client) -> Option<PullConsumer> {
        self.context(client).get_consumer_from_stream(&self.consumers[0].name, &self.stream).await.ok()
    }
}
