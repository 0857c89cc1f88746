//! Who may read `/metrics`: its counters say what everybody does, as it happens.

use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};

use super::HttpSettings;

/// Where the metrics are.
const PATH: &str = "/metrics";
/// What proxies add: who comes with one of these isn't on this machine, although the proxy may be.
const PROXIED: [&str; 6] =
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];
/// Shorter ones can be guessed.
const SHORTEST: usize = 32;

/// What whoever reads metrics from elsewhere has to present. Cheap to clone; the text itself isn't kept.
#[derive(Clone)]
pub struct MetricsToken([u8; 32]);

impl MetricsToken {
    /// The setting `metrics_token`, of 32 characters or more; else what is wrong with it.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        if text.chars().count() < SHORTEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("metrics_token: takes 32 characters or more, visible ASCII without spaces");
        }
        Ok(Self(digest(text)))
    }

    /// The same of a setting that may be absent.
    pub fn given(text: Option<&str>) -> Result<Option<Self>, &'static str> {
        text.map(Self::new).transpose()
    }

    /// In a time that says nothing of how much is right.
    fn is(&self, text: &str) -> bool {
        verify_slices_are_equal(&self.0, &digest(text)).is_ok()
    }
}

impl std::fmt::Debug for MetricsToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MetricsToken(…)")
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Whether the request asks for metrics and may not have them: it is then answered as if there were none.
pub(super) fn hides(request: &Request, settings: &HttpSettings) -> bool {
    let asked = request.extensions().get::<MatchedPath>().is_some_and(|path| path.as_str() == PATH);
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical());
    asked && !is_local(peer, request.headers()) && !presents(request.headers(), settings)
}

/// What comes over no connection, such as a test's request, comes from this very process.
fn is_local(peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
    peer.is_none_or(|ip| ip.is_loopback()) && !PROXIED.iter().any(|name| headers.contains_key(*name))
}

fn presents(headers: &HeaderMap, settings: &HttpSettings) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' '));
    given
        .zip(settings.metrics_token.as_ref())
        .is_some_and(|((scheme, text), token)| scheme.eq_ignore_ascii_case("bearer") && token.is(text.trim()))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::http::layers;

    const TOKEN: &str = "only-what-reads-metrics-knows-this";

    async fn asked(token: bool, peer: Option<&str>, headers: &[(&str, &str)], path: &str) -> (u16, String) {
        let metrics_token = token.then(|| MetricsToken::new(TOKEN).unwrap());
        let settings = HttpSettings { metrics_token, ..HttpSettings::default() };
        let router = layers(Router::new().route(PATH, get(|| async { "counters" })), settings);
        let mut request = Request::get(path).header("host", "x").header("x-request-id", "r");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(peer) = peer {
            request = request.extension(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        }
        let answer = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// A peer, and the headers that it comes with.
    type Stranger<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)]);

    #[tokio::test]
    async fn metrics_are_for_this_machine_and_for_the_token() {
        let bearer = format!("Bearer {TOKEN}");
        let presented = [("authorization", &*bearer)];
        for local in [None, Some("127.0.0.1"), Some("127.9.9.9"), Some("::1"), Some("::ffff:127.0.0.1")] {
            assert_eq!(asked(false, local, &[], PATH).await.0, 200, "{local:?}");
        }
        let proxied = PROXIED.map(|name| [(name, "127.0.0.1")]);
        let mut strangers: Vec<Stranger<'_>> =
            proxied.iter().map(|header| (Some("127.0.0.1"), &header[..])).collect();
        strangers.push((Some("192.0.2.7"), &[]));
        strangers.push((Some("2001:db8::7"), &[]));
        for (peer, headers) in strangers {
            let unknown = asked(true, peer, headers, "/nowhere").await;
            assert_eq!(unknown.0, 404);
            assert_eq!(asked(true, peer, headers, PATH).await, unknown, "{peer:?} {headers:?}");
            let all = [headers, &presented[..]].concat();
            assert_eq!(asked(true, peer, &all, PATH).await.0, 200, "{peer:?} {headers:?}");
            assert_eq!(asked(false, peer, &all, PATH).await.0, 404, "no token is set");
            for wrong in ["Bearer", "Bearer ", "Bearer only-what", "Basic x", TOKEN] {
                let all = [headers, &[("authorization", wrong)]].concat();
                assert_eq!(asked(true, peer, &all, PATH).await, unknown, "{wrong}");
            }
        }
    }

    #[test]
    fn a_token_that_can_be_guessed_is_refused() {
        for text in ["", "short", &"x".repeat(31), &format!("{} x", "x".repeat(40))] {
            assert!(MetricsToken::new(text).is_err(), "{text}");
        }
        assert!(MetricsToken::given(None).unwrap().is_none());
    }
}
