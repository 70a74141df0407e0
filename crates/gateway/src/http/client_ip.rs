//! The IP address of a request's client: the peer of the connection, or the address that a trusted proxy reports in
//! `X-Forwarded-For`. The header is ignored from everybody else.

use crate::config::Network;
use axum::http::{HeaderMap, HeaderName};
use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

pub(super) fn client_ip(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let trusted = |address: IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
    let peer = peer.to_canonical();
    if !trusted(peer) {
        return peer;
    }
    // Each proxy appends the address of its client. The last untrusted address is the real client.
    let mut last = peer;
    let values = headers.get_all(FORWARDED_FOR).iter();
    // The client's own entries may contain any bytes, and must not hide the entries of the proxies.
    let entries: Vec<&[u8]> = values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .collect();
    for entry in entries.into_iter().rev() {
        let Some(address) = str::from_utf8(entry).ok().and_then(address) else {
            return last;
        };
        last = address.to_canonical();
        if !trusted(last) {
            return last;
        }
    }
    last
}

/// The address of an entry. Some balancers add the client's port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(entry).parse();
    let with_port = || entry.parse().map(|address: SocketAddr| address.ip());
    address.or_else(|_| with_port()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn nets(list: &[&str]) -> Vec<Network> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn only_entries_of_trusted_proxies_count() {
        let proxies = ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"];
        for (peer, forwarded, expected) in [
            ("192.0.2.1", &["1.2.3.4"] as &[_], "192.0.2.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["1.2.3.4"], "1.2.3.4"),
            ("::ffff:127.0.0.1", &["1.2.3.4"], "1.2.3.4"),
            // The visitor's own entries precede the one that the proxy appended.
            ("127.0.0.1", &["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            ("127.0.0.1", &["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
            ("127.0.0.1", &["6.6.6.6, 1.2.3.4, 10.1.2.3"], "1.2.3.4"),
            ("127.0.0.1", &["nonsense, 10.1.2.3"], "10.1.2.3"),
            ("127.0.0.1", &["nonsense"], "127.0.0.1"),
            ("2001:db8::7", &["2001:db9::1"], "2001:db9::1"),
            // The formats of some balancers.
            ("127.0.0.1", &["1.2.3.4:4711"], "1.2.3.4"),
            ("127.0.0.1", &["[2001:db9::1]:4711"], "2001:db9::1"),
            ("127.0.0.1", &["[2001:db9::1]"], "2001:db9::1"),
            ("127.0.0.1", &["[::ffff:1.2.3.4]:80"], "1.2.3.4"),
            (
                "127.0.0.1",
                &["6.6.6.6:1, 1.2.3.4:2 , 10.1.2.3:3"],
                "1.2.3.4",
            ),
            ("127.0.0.1", &["1.2.3.4:x"], "127.0.0.1"),
            ("127.0.0.1", &["1.2.3.4:99999"], "127.0.0.1"),
            ("127.0.0.1", &["1.2.3.4:"], "127.0.0.1"),
            ("127.0.0.1", &["[2001:db9::1"], "127.0.0.1"),
            ("127.0.0.1", &["unknown"], "127.0.0.1"),
            // Invalid bytes from the client do not hide the proxy's entry.
            ("127.0.0.1", &["\u{fc}, 1.2.3.4"], "1.2.3.4"),
            ("127.0.0.1", &["\u{fc}", "1.2.3.4, 10.1.2.3"], "1.2.3.4"),
            ("127.0.0.1", &["6.6.6.6, \u{fc}, 10.1.2.3"], "10.1.2.3"),
        ] {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
                headers.append(FORWARDED_FOR, value);
            }
            let found = client_ip(peer.parse().unwrap(), &headers, &nets(&proxies));
            assert_eq!(found.to_string(), expected, "{peer} {forwarded:?}");
        }
    }
}
