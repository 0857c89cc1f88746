//! That another service of the cell asks on a caller's behalf, and where it says that the caller is.
//!
//! Anybody can write a header. These count only with a code that whoever shares the cell's secret can make,
//! and for the one request whose id it names.

use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::http::{HeaderName, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `<address>;<code>`.
pub(super) const VOUCHED_FOR: HeaderName = HeaderName::from_static("docket-vouched-for");

/// A code: the request comes from a service of the cell.
pub(super) const SERVICE: HeaderName = HeaderName::from_static("docket-service");

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

    /// Says that the request with this id, to this path, comes from a service of the cell.
    pub fn sign(&self, path: &str, request_id: &str) -> Option<(HeaderName, HeaderValue)> {
        let code = hmac::sign(&self.0, asked(path, request_id).as_bytes());
        Some((SERVICE, HeaderValue::try_from(URL_SAFE_NO_PAD.encode(code)).ok()?))
    }

    /// Whether one who has the key sends the request.
    pub(super) fn signed(&self, code: &str, path: &str, request_id: &str) -> bool {
        let code = URL_SAFE_NO_PAD.decode(code);
        code.is_ok_and(|code| hmac::verify(&self.0, asked(path, request_id).as_bytes(), &code).is_ok())
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

/// Neither an id of a request nor a path has a line break in it.
fn asked(path: &str, request_id: &str) -> String {
    format!("docket asks\n{request_id}\n{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_signs_one_request() {
        let (key, other) = (PeerKey::new("a secret"), PeerKey::new("another"));
        let (_, header) = key.sign("/v1/exports", "r-1").unwrap();
        let code = header.to_str().unwrap();
        assert!(key.signed(code, "/v1/exports", "r-1"));
        assert!(!key.signed(code, "/v1/exports", "r-2"));
        assert!(!key.signed(code, "/v1/tickets", "r-1"));
        assert!(!other.signed(code, "/v1/exports", "r-1"));
        // A code for an address says nothing of who asks.
        let (_, vouched) = key.vouch("192.0.2.7".parse().unwrap(), "r-1").unwrap();
        let vouched = vouched.to_str().unwrap().split_once(';').unwrap().1;
        for bad in ["", "x", vouched] {
            assert!(!key.signed(bad, "/v1/exports", "r-1"), "{bad}");
        }
    }

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
