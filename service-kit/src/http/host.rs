//! The one `Host` of a request.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{Version, header};

use crate::problem::Problem;

/// Refuses a request of HTTP/1.1 without `Host`, and any with two or with one that is none (RFC 9112, 3.2):
/// what stands before this service may have routed it by another one than is seen here.
pub(super) fn check(request: &Request) -> Result<(), Problem> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version() < Version::HTTP_11 => Ok(()),
        (Some(only), None) if only.to_str().is_ok_and(is_host) => Ok(()),
        (None, _) => Err(refused("there is no Host header")),
        (Some(_), Some(_)) => Err(refused("there is more than one Host header")),
        (Some(_), None) => Err(refused("the Host header names no host")),
    }
}

fn refused(why: &'static str) -> Problem {
    Problem::bad_request("invalid_host", why)
}

/// A host, with a port or without.
fn is_host(text: &str) -> bool {
    !text.contains('@') && text.parse::<Authority>().is_ok_and(|host| !host.host().is_empty())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn asked(version: Version, hosts: &[&str]) -> bool {
        let mut request = Request::new(Body::empty());
        *request.version_mut() = version;
        for host in hosts {
            request.headers_mut().append(header::HOST, host.parse().unwrap());
        }
        check(&request).is_ok()
    }

    #[test]
    fn a_request_has_one_host() {
        for host in ["localhost", "desk.example:8080", "192.0.2.1", "[::1]:8080", "xn--zrich-kva.example"] {
            assert!(asked(Version::HTTP_11, &[host]), "{host}");
        }
        for hosts in [&[][..], &["a", "a"], &["a", "b"], &[""], &["a b"], &["a/b"], &["user@a"], &["a:b:c"]] {
            assert!(!asked(Version::HTTP_11, hosts), "{hosts:?}");
        }
        assert!(asked(Version::HTTP_10, &[]));
        assert!(!asked(Version::HTTP_10, &["a", "b"]));
    }
}
