//! From where a request comes: the other end of its connection, or who a proxy that is trusted says
//! stands behind it. What anybody else says of it is not believed.

use axum::http::{HeaderMap, HeaderName};
use std::net::IpAddr;
use std::str::FromStr;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Addresses that begin with the same bits: `10.0.0.0/8`, or one alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| ())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { address, bits }).ok_or(())
    }
}

impl Network {
    /// Whether the address is one of these.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(other)) => {
                let shift = 32 - u32::from(self.bits.min(32));
                let first = |address: u32| address.checked_shr(shift).unwrap_or(0);
                first(u32::from(ours)) == first(u32::from(other))
            }
            (IpAddr::V6(ours), IpAddr::V6(other)) => {
                let shift = 128 - u32::from(self.bits);
                let first = |address: u128| address.checked_shr(shift).unwrap_or(0);
                first(u128::from(ours)) == first(u128::from(other))
            }
            _ => false,
        }
    }
}

/// Who is asking, by address.
pub(crate) fn address(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let trusted = |address: IpAddr| proxies.iter().any(|proxy| proxy.holds(address));
    let peer = peer.to_canonical();
    if !trusted(peer) {
        return peer;
    }
    // Each proxy adds at the end whom it talks to: from there back to the first that is not trusted.
    let mut last = peer;
    let mut values: Vec<&str> = Vec::new();
    for value in headers.get_all(FORWARDED_FOR) {
        let Ok(value) = value.to_str() else {
            return last;
        };
        values.extend(value.split(','));
    }
    for value in values.into_iter().rev() {
        let Ok(address) = value.trim().parse::<IpAddr>() else {
            return last;
        };
        last = address.to_canonical();
        if !trusted(last) {
            return last;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(list: &[&str]) -> Vec<Network> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_word() {
        let proxies = ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"];
        for (peer, said, expected) in [
            ("192.0.2.1", &["1.2.3.4"] as &[_], "192.0.2.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["1.2.3.4"], "1.2.3.4"),
            ("::ffff:127.0.0.1", &["1.2.3.4"], "1.2.3.4"),
            // What the visitor wrote stands before what the proxy added.
            ("127.0.0.1", &["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            ("127.0.0.1", &["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
            ("127.0.0.1", &["6.6.6.6, 1.2.3.4, 10.1.2.3"], "1.2.3.4"),
            ("127.0.0.1", &["nonsense, 10.1.2.3"], "10.1.2.3"),
            ("127.0.0.1", &["nonsense"], "127.0.0.1"),
            ("2001:db8::7", &["2001:db9::1"], "2001:db9::1"),
        ] {
            let mut headers = HeaderMap::new();
            for value in said {
                headers.append(FORWARDED_FOR, value.parse().unwrap());
            }
            let found = address(peer.parse().unwrap(), &headers, &nets(&proxies));
            assert_eq!(found.to_string(), expected, "{peer} {said:?}");
        }
    }

    #[test]
    fn networks_are_written_with_their_bits() {
        for (net, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("0.0.0.0/0", "::1", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1/32", "192.0.2.2", false),
            ("::/0", "2001:db8::1", true),
        ] {
            let net: Network = net.parse().unwrap();
            assert_eq!(
                net.holds(address.parse().unwrap()),
                expected,
                "{net:?} {address}"
            );
        }
        for bad in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "10.0.0.0/",
            "proxy",
            "10.0.0.0/-1",
        ] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
