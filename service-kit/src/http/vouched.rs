//! Where a caller is, as another service of the cell says it that asks on their behalf.
//!
//! Anybody can write a header. This one counts only with a code that whoever shares the cell's secret
//! can make, and for the one request whose id it names.

use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::http::{HeaderName, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `<address>;<code>`.
pub(super) const VOUCHED_FOR: HeaderName = HeaderName::from_static("docket-vouched-for");

/// The secret that the services of a cell share. Cheap to clone.
#[derive(Clone)]
pub struct PeerKey(Arc<hmac::Key>);

impl PeerKey {
    /// A key from a secret of 32 characters or more.
    pub fn new(secret: impl AsRef<[u8]>) -> Self {
        Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref())))
    }

    /// Vouches that the request with this id came from this address.
    pub(crate) fn vouch(&self, ip: IpAddr, request_id: &str) -> Option<(HeaderName, HeaderValue)> {
        let code = hmac::sign(&self.0, said(ip, request_id).as_bytes());
        let text = format!("{ip};{}", URL_SAFE_NO_PAD.encode(code));
        Some((VOUCHED_FOR, HeaderValue::try_from(text).ok()?))
    }

    /// The address, if one who has the key vouches for it.
    pub(super) fn vouched(&self, text: &str, request_id: &str) -> Option<IpAddr> {
        let (ip, code) = text.split_once(';')?;
        let ip: IpAddr = ip.parse().ok()?;
        let code = URL_SAFE_NO_PAD.decode(code).ok()?;
        hmac::verify(&self.0, said(ip, request_id).as_bytes(), &code).ok().map(|()| ip)
    }
}

impl std::fmt::Debug for PeerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PeerKey(…)")
    }
}

/// An id of a request has no line break in it.
fn said(ip: IpAddr, request_id: &str) -> String {
    format!("docket vouches\n{request_id}\n{ip}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_with_the_key_are_believed_and_for_one_request() {
        let (key, other) = (PeerKey::new("a secret"), PeerKey::new("another"));
        let ip = "192.0.2.7".parse().unwrap();
        let (_, header) = key.vouch(ip, "r-1").unwrap();
        let text = header.to_str().unwrap();
        assert_eq!(key.vouched(text, "r-1"), Some(ip));
        assert_eq!(key.vouched(text, "r-2"), None);
        assert_eq!(other.vouched(text, "r-1"), None);
        assert_eq!(key.vouched(&text.replace("192.0.2.7", "192.0.2.8"), "r-1"), None);
        for bad in ["", "192.0.2.7", "192.0.2.7;", "192.0.2.7;x", ";"] {
            assert_eq!(key.vouched(bad, "r-1"), None, "{bad}");
        }
    }
}
