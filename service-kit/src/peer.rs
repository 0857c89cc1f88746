//! Another service of the cell, asked on behalf of a caller: with the caller's own token, so that it may
//! do no more than they may, and with what is known of their request.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::Value;

use crate::http::{PeerKey, RequestInfo};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// A service.
#[derive(Clone, Debug)]
pub struct Peer {
    client: reqwest::Client,
    url: String,
    key: Option<PeerKey>,
}

/// On whose behalf.
#[derive(Clone, Debug)]
pub struct Behalf {
    /// The caller's `Authorization`.
    pub authorization: HeaderValue,
    /// Their request.
    pub info: RequestInfo,
}

/// Why a service did nothing.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The address is none, or nothing can be asked from here at all.
    #[error("{url:?} can't be asked")]
    Unusable {
        /// The address.
        url: String,
        /// Why not.
        #[source]
        source: reqwest::Error,
    },
    /// It doesn't answer.
    #[error("the service doesn't answer")]
    Silent(#[source] reqwest::Error),
    /// It refused.
    #[error("the service refuses with {status}, {code}")]
    Refused {
        /// The status of its answer.
        status: StatusCode,
        /// The code of the problem.
        code: String,
    },
}

impl PeerError {
    /// Whether the same may be asked again with a chance.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unusable { .. } => false,
            Self::Silent(_) => true,
            Self::Refused { status, code } => status.is_server_error() || code == "command_in_progress",
        }
    }
}

impl Peer {
    /// A service at an address, such as `http://127.0.0.1:8080`. Without the key it may take us for the
    /// caller's address, and refuses what only services may ask.
    pub fn new(url: impl Into<String>, key: Option<PeerKey>) -> Result<Self, PeerError> {
        let url = url.into().trim_end_matches('/').to_owned();
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        // Services of a cell are near: whatever proxy the environment names leads elsewhere.
        // A command that is sent elsewhere would be another request.
        let here = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().no_proxy().redirect(here).timeout(PATIENCE).build();
        let unusable = |source| PeerError::Unusable { url: url.clone(), source };
        let client = client.map_err(unusable)?;
        client.get(&url).build().map_err(unusable)?;
        Ok(Self { client, url, key })
    }

    /// Gives a command. Under the same key it is carried out once, however often it is asked.
    pub async fn command(
        &self,
        path: &str,
        behalf: &Behalf,
        key: &str,
        body: &(impl Serialize + ?Sized),
    ) -> Result<(), PeerError> {
        let Behalf { authorization, info } = behalf;
        let mut request = self.client.post(format!("{}{path}", self.url)).json(body);
        request = request
            .header(header::AUTHORIZATION, authorization)
            .header("idempotency-key", key)
            .header("x-request-id", &*info.request_id)
            .header("traceparent", info.traceparent());
        if let Some((name, value)) = self.key.as_ref().and_then(|key| key.sign(path, &info.request_id)) {
            request = request.header(name, value);
        }
        if let Some(agent) = &info.user_agent {
            // What isn't ASCII goes as it came.
            request = request.header(header::USER_AGENT, agent.as_bytes());
        }
        if let Some(ip) = info.ip {
            // For a service that believes a proxy; others go by the key.
            request = request.header("x-forwarded-for", ip.to_string());
            if let Some((name, value)) = self.key.as_ref().and_then(|key| key.vouch(ip, &info.request_id)) {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await.map_err(PeerError::Silent)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let problem: Value = answer.json().await.unwrap_or_default();
        Err(PeerError::Refused { status, code: problem["code"].as_str().unwrap_or("no code").to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one() {
        assert!(Peer::new("http://127.0.0.1:8080/", None).is_ok());
        for bad in ["", "127.0.0.1", "/v1"] {
            assert!(Peer::new(bad, None).is_err(), "{bad}");
        }
    }
}
