//! Where a caller is, as the proxy before this service says it.

use std::net::{IpAddr, SocketAddr};

/// Reads one entry of `X-Forwarded-For`. Proxies write an address alone or with the port, IPv6 with or
/// without brackets and zone, and IPv4 as the IPv6 that a dual-stack socket shows (`::ffff:192.0.2.1`),
/// which is the same address: it comes back as IPv4.
pub(super) fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim().trim_matches('"');
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    // An interface's name says something on that machine alone.
    let zoneless = bare.split_once('%').map_or(bare, |(address, _)| address);
    let read = zoneless.parse().ok().or_else(|| socket(entry));
    read.map(|ip: IpAddr| ip.to_canonical())
}

/// An address with a port.
fn socket(entry: &str) -> Option<IpAddr> {
    if let Ok(socket) = entry.parse::<SocketAddr>() {
        return Some(socket.ip());
    }
    let (host, port) = entry.strip_prefix('[')?.split_once("]:")?;
    let _: u16 = port.parse().ok()?;
    host.split_once('%').map_or(host, |(address, _)| address).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_proxies_write_is_one_address() {
        for (entry, read) in [
            ("192.0.2.1", "192.0.2.1"),
            (" 192.0.2.1\t", "192.0.2.1"),
            ("192.0.2.1:8080", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:192.0.2.1]:443", "192.0.2.1"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("[::1]:80", "::1"),
            ("\"[2001:db8::1]:4711\"", "2001:db8::1"),
            ("2001:db8:0:0:0:0:0:1", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%eth0]", "fe80::1"),
            ("[fe80::1%eth0]:80", "fe80::1"),
        ] {
            assert_eq!(address(entry), Some(read.parse().unwrap()), "{entry}");
        }
        for entry in [
            "",
            "unknown",
            "_hidden",
            "192.0.2",
            "192.0.2.1:99999",
            "192.0.2.1:x",
            "[::1",
            "::1]:80",
            "[::1]x",
        ] {
            assert_eq!(address(entry), None, "{entry}");
        }
    }
}
