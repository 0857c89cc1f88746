//! When a stream has to end, whoever reads it.

use std::time::Duration;

use service_kit::wait::pause;

use crate::QueryApi;
use crate::asking::Token;

/// How often the token is looked at again.
const LOOK: Duration = Duration::from_secs(1);

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The token has expired, or isn't taken any more.
    TokenOver,
    /// The service stops.
    Stopping,
}

/// Waits until a stream has to end.
pub(crate) fn ending(api: &QueryApi, token: Token) -> impl Future<Output = Ending> + Send + use<> {
    let (authenticator, shutdown) = (api.0.authenticator.clone(), api.0.shutdown.clone());
    async move {
        let over = async {
            while authenticator.verify(token.expose()).await.is_ok() {
                pause(LOOK).await;
            }
        };
        match shutdown.run_until_cancelled(over).await {
            Some(()) => Ending::TokenOver,
            None => Ending::Stopping,
        }
    }
}
