//! Networks, as in `trusted_proxies`.

use ipnet::{IpNet, Ipv4Net};
use std::net::IpAddr;
use std::str::FromStr;

/// A network such as `10.0.0.0/8`, or a single address. An IPv4 network may also be written as IPv4-mapped
/// IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network(IpNet);

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let net = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => text.parse().map_err(|_| ())?,
        };
        Ok(Self(canonical(net)))
    }
}

impl Network {
    /// Whether the network contains every address of its IP version.
    pub(super) fn contains_everything(&self) -> bool {
        self.0.prefix_len() == 0
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// Converts an IPv4-mapped IPv6 network to the IPv4 network, whose prefix is 96 bits shorter.
fn canonical(net: IpNet) -> IpNet {
    const PREFIX: u8 = 96;
    let mapped = || {
        let IpNet::V6(net) = net else { return None };
        let address = net.addr().to_ipv4_mapped()?;
        Ipv4Net::new(address, net.prefix_len().checked_sub(PREFIX)?).ok()
    };
    mapped().map_or(net, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_the_addresses_of_its_prefix() {
        for (net, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("0.0.0.0/0", "::1", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1/32", "192.0.2.2", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "192.0.2.1", false),
            ("2001:db8::/32", "2001:db8:1::7", true),
            ("2001:db8::/32", "2001:db9::7", false),
        ] {
            assert_eq!(contains(net, address), expected, "{net} {address}");
        }
    }

    #[test]
    fn an_ipv4_mapped_network_is_the_ipv4_network() {
        for (net, same) in [
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:a00:0/104", "10.0.0.0/8"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
            ("::ffff:192.0.2.0/119", "192.0.2.0/23"),
            ("::ffff:192.0.2.1/128", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::ffff:0.0.0.0/96", "0.0.0.0/0"),
        ] {
            assert_eq!(net.parse::<Network>(), same.parse(), "{net}");
            for address in [
                "10.0.0.1",
                "10.255.255.255",
                "11.0.0.1",
                "192.0.2.1",
                "192.0.3.255",
                "192.0.4.0",
                "::ffff:10.9.9.9",
                "::1",
                "2001:db8::1",
            ] {
                let expected = contains(same, address);
                assert_eq!(contains(net, address), expected, "{net} {address}");
            }
        }
        // A network larger than all mapped addresses stays an IPv6 network.
        assert!(contains("::ffff:10.0.0.0/64", "::1"));
        assert!(!contains("::ffff:10.0.0.0/64", "10.0.0.1"));
    }

    fn contains(net: &str, address: &str) -> bool {
        let net: Network = net.parse().unwrap();
        net.contains(address.parse().unwrap())
    }

    #[test]
    fn a_malformed_network_is_rejected() {
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
