//! The connection to nats-server.

use std::time::Duration;

use async_nats::{Client, ConnectOptions, ServerAddr};
use event_store::subjects;

use crate::instance::Target;

/// How many messages may wait for a subscriber of ours that is busy. What comes above that is dropped
/// here, and read from the log.
const WAITING: usize = 4096;

/// Why an address can't be connected to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NatsError {
    #[error("the address of nats-server cannot be read")]
    Address(#[source] std::io::Error),
    #[error("nats-server does not answer")]
    Connect(#[source] async_nats::ConnectError),
}

/// Connects, with the user and password that stand in the address.
pub(crate) async fn connect(url: &str) -> Result<Client, NatsError> {
    let (options, address) = options(url)?;
    options.connect(address).await.map_err(NatsError::Connect)
}

/// The same for the life of a service: waits for a server that is away, now and later.
pub(crate) async fn connect_and_stay(url: &str, name: &str) -> Result<Client, NatsError> {
    let (options, address) = options(url)?;
    options
        .name(name)
        .subscription_capacity(WAITING)
        .retry_on_initial_connect()
        .max_reconnects(None)
        .reconnect_delay_callback(|attempts| {
            Duration::from_millis(50).saturating_mul(attempts.min(20) as u32)
        })
        .ping_interval(Duration::from_secs(10))
        .connect(address)
        .await
        .map_err(NatsError::Connect)
}

fn options(url: &str) -> Result<(ConnectOptions, ServerAddr), NatsError> {
    let address: ServerAddr = url.parse().map_err(NatsError::Address)?;
    // The client takes no credentials from an address by itself.
    let options = match (address.username(), address.password()) {
        (Some(user), Some(password)) => {
            ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
        }
        (Some(token), None) => ConnectOptions::with_token(token.to_owned()),
        _ => ConnectOptions::new(),
    };
    Ok((options, address))
}

/// Tells the relay that there is something to do. It looks by itself soon, so failing is no matter.
pub(crate) async fn poke(target: &Target) {
    let Some(url) = &target.nats_url else { return };
    let Ok(client) = connect(url).await else { return };
    let _ = client.publish(subjects::poke(&target.cell), Vec::new().into()).await;
    let _ = client.flush().await;
}
