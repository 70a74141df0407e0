//! Restricts connections for thumbnails to public hosts and the vendor's own. A name is resolved once, here, and the
//! connection uses a checked address, so that a second look-up cannot return another one.

use crate::config;
use crate::vendor_http::NotAllowed;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Resolves names, and leaves out addresses that are not public.
#[derive(Debug, Clone)]
pub(super) struct PublicHosts {
    /// The host of the connection itself, which may have any address.
    own: String,
    /// The hosts of the proxies, which may be connected to but not asked for thumbnails.
    proxies: Vec<String>,
}

impl PublicHosts {
    pub(super) fn new(base: &Url, proxy: Option<&config::ProxySettings>) -> Self {
        let host = |url: &Url| url.host_str().unwrap_or_default().to_ascii_lowercase();
        let servers = proxy.map(|proxy| proxy.https.iter().chain(&proxy.http));
        let servers = servers.into_iter().flatten();
        Self {
            own: host(base),
            proxies: servers.map(|server| host(&server.url)).collect(),
        }
    }

    /// Whether a host is allowed, as far as that can be decided without resolving it. Needed because a literal address
    /// never reaches [`Resolve::resolve`].
    pub(super) fn allows(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        self.is_own(host) || (!self.is_proxy(host) && bare.parse().map_or(true, is_public))
    }

    /// Whether a host is allowed through a proxy, which resolves the name itself. A name that only the proxy can
    /// resolve is allowed.
    pub(super) async fn allows_via_proxy(&self, host: &str) -> bool {
        if self.proxies.is_empty() || self.is_own(host) {
            return true;
        }
        match tokio::net::lookup_host((host, 0)).await {
            Ok(mut found) => found.any(|address| is_public(address.ip())),
            Err(_) => true,
        }
    }

    fn is_proxy(&self, host: &str) -> bool {
        self.proxies
            .iter()
            .any(|proxy| host.eq_ignore_ascii_case(proxy))
    }

    fn is_own(&self, host: &str) -> bool {
        host.eq_ignore_ascii_case(&self.own)
    }
}

impl Resolve for PublicHosts {
    fn resolve(&self, name: Name) -> Resolving {
        let own = self.is_own(name.as_str()) || self.is_proxy(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found
                .filter(|address| own || is_public(address.ip()))
                .collect();
            if allowed.is_empty() {
                return Err(NotAllowed.into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether an address is public, by IANA's registries of special-purpose addresses.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        // Carrier-grade NAT.
        || (a == 100 && (64..128).contains(&b))
        // Protocol assignments, and the relays of 6to4.
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        // Benchmarking.
        || (a == 198 && matches!(b, 18 | 19))
        // Multicast, reserved, broadcast.
        || a >= 224)
}

/// Only global unicast, without the ranges that embed an IPv4 address, which would bypass the rules above.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    (a & 0xE000) == 0x2000
        // Protocol assignments, including Teredo.
        && !(a == 0x2001 && b < 0x0200)
        // Documentation.
        && !(a == 0x2001 && b == 0x0DB8)
        && !(a == 0x3FFF && b < 0x1000)
        // 6to4.
        && a != 0x2002
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_allowed() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "99.255.255.255",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.0.1",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:200::1",
            "3fff:1000::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
    }

    #[test]
    fn a_literal_address_is_checked_before_and_a_name_while_resolving() {
        let base = Url::parse("https://Live.example:8443/x").unwrap();
        let own = Url::parse("http://[::1]:9000").unwrap();
        for (base, host, expected) in [
            (&base, "8.8.8.8", true),
            (&base, "pictures.example", true),
            (&base, "live.example", true),
            (&base, "127.0.0.1", false),
            (&base, "[::1]", false),
            (&base, "[::ffff:8.8.8.8]", false),
            (&own, "[::1]", true),
            (&own, "[::2]", false),
            (&own, "127.0.0.1", false),
        ] {
            assert_eq!(
                PublicHosts::new(base, None).allows(host),
                expected,
                "{base} {host}"
            );
        }
    }

    #[tokio::test]
    async fn a_name_of_this_computer_is_rejected_unless_it_is_the_vendors() {
        let name = || "localhost".parse::<Name>().unwrap();
        let other = PublicHosts::new(&Url::parse("http://127.0.0.1:9000").unwrap(), None);
        let refused = other.resolve(name()).await.err().unwrap();
        assert!(refused.is::<NotAllowed>());
        let own = PublicHosts::new(&Url::parse("http://LOCALHOST:9000").unwrap(), None);
        assert!(own.resolve(name()).await.unwrap().next().is_some());
    }
}
