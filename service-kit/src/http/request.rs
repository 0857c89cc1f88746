//! What is known of a request besides its body and its caller.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::{Extensions, HeaderMap, HeaderName, header, request::Parts};
use domain::time::Ids;

use super::vouched::{SERVICE, VOUCHED_FOR};
use super::{HttpSettings, TraceContext, forwarded};
use crate::clock::RandomIds;

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The longest request id that is taken from a caller.
const REQUEST_ID_MAX: usize = 128;
/// The longest user agent that is kept.
const USER_AGENT_MAX: usize = 512;

/// A request's circumstances, for logs, answers and event metadata. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// The caller's `X-Request-Id`, or one that was made.
    pub request_id: Arc<str>,
    /// The caller's trace, or one that was started.
    pub trace: TraceContext,
    /// The address that the request came from.
    pub ip: Option<IpAddr>,
    /// The program that it came by.
    pub user_agent: Option<Arc<str>>,
    /// Another service of the cell sent it, on the caller's behalf.
    pub from_service: bool,
}

impl RequestInfo {
    /// The circumstances of work that nobody asked for over HTTP.
    pub fn internal() -> Self {
        Self {
            request_id: new_id(),
            trace: TraceContext::start(),
            ip: None,
            user_agent: None,
            from_service: false,
        }
    }

    /// The trace context as it travels on.
    pub fn traceparent(&self) -> String {
        self.trace.to_string()
    }

    pub(super) fn read(
        headers: &HeaderMap,
        path: &str,
        extensions: &Extensions,
        settings: &HttpSettings,
    ) -> Self {
        let request_id: Arc<str> = request_id(headers).map_or_else(new_id, Arc::from);
        let vouched = vouched_for(headers, &request_id, settings);
        Self {
            trace: text(headers, &TRACEPARENT)
                .and_then(TraceContext::follow)
                .unwrap_or_else(TraceContext::start),
            ip: vouched.or_else(|| {
                let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
                forwarded_for(headers, settings.behind_proxy).unwrap_or(peer)
            }),
            user_agent: user_agent(headers),
            from_service: from_service(headers, path, &request_id, settings),
            request_id,
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn request_id(headers: &HeaderMap) -> Option<&str> {
    let id = text(headers, &X_REQUEST_ID)?;
    let visible = id.bytes().all(|byte| byte.is_ascii_graphic());
    (visible && (1..=REQUEST_ID_MAX).contains(&id.len())).then_some(id)
}

fn new_id() -> Arc<str> {
    let mut buffer = uuid::Uuid::encode_buffer();
    Arc::from(&*RandomIds.next().hyphenated().encode_lower(&mut buffer))
}

/// The last address of the list: the one that the proxy next to us saw itself. Those before it are
/// whatever the caller wrote. One that can't be read is nobody's, not the proxy's; `None` if no proxy says
/// anything.
#[expect(
    clippy::option_option,
    reason = "no word of a proxy is one thing, a word that can't be read another"
)]
fn forwarded_for(headers: &HeaderMap, behind_proxy: bool) -> Option<Option<IpAddr>> {
    if !behind_proxy {
        return None;
    }
    let last = headers.get_all(X_FORWARDED_FOR).iter().next_back()?;
    Some(last.to_str().ok().and_then(|list| forwarded::address(list.rsplit(',').next()?)))
}

/// The address that another service of the cell vouches for.
fn vouched_for(headers: &HeaderMap, request_id: &str, settings: &HttpSettings) -> Option<IpAddr> {
    settings.peer_key.as_ref()?.vouched(text(headers, &VOUCHED_FOR)?, request_id)
}

/// Whether another service of the cell sends it.
fn from_service(headers: &HeaderMap, path: &str, request_id: &str, settings: &HttpSettings) -> bool {
    let code = text(headers, &SERVICE);
    settings.peer_key.as_ref().zip(code).is_some_and(|(key, code)| key.signed(code, path, request_id))
}

fn user_agent(headers: &HeaderMap) -> Option<Arc<str>> {
    let agent = headers.get(header::USER_AGENT)?;
    let text = String::from_utf8_lossy(agent.as_bytes());
    match text.char_indices().nth(USER_AGENT_MAX) {
        Some((end, _)) => Some(Arc::from(&text[..end])),
        None => Some(Arc::from(&*text)),
    }
}

impl<S: Sync> FromRequestParts<S> for RequestInfo {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(if let Some(info) = parts.extensions.get::<Self>() {
            info.clone()
        } else {
            let path = parts.uri.path();
            Self::read(&parts.headers, path, &parts.extensions, &HttpSettings::default())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        pairs.collect()
    }

    #[test]
    fn a_callers_id_is_kept_if_it_is_fit() {
        assert_eq!(request_id(&headers(&[("x-request-id", "abc-1")])), Some("abc-1"));
        assert_eq!(request_id(&headers(&[("x-request-id", "a b")])), None);
        assert_eq!(request_id(&headers(&[("x-request-id", &"x".repeat(129))])), None);
        assert_eq!(request_id(&headers(&[("x-request-id", "")])), None);
    }

    #[test]
    fn forwarded_addresses_count_behind_a_proxy_alone() {
        let headers = headers(&[("x-forwarded-for", "1.2.3.4, 10.0.0.9")]);
        assert_eq!(forwarded_for(&headers, false), None);
        assert_eq!(forwarded_for(&headers, true), Some("10.0.0.9".parse().ok()));
        let unreadable = self::headers(&[("x-forwarded-for", "1.2.3.4, unknown")]);
        assert_eq!(forwarded_for(&unreadable, true), Some(None));
        assert_eq!(forwarded_for(&HeaderMap::new(), true), None);
    }
}
