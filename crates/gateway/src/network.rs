//! The networks of addresses. Addresses in one network probably have the same owner. A leaf: it uses no other module.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of an address, with a prefix of `prefix_v6` bits for IPv6 and `prefix_v4` bits for IPv4.
pub(crate) fn of(address: IpAddr, prefix_v6: u8, prefix_v4: u8) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let mask = u128::MAX
                .checked_shl(128 - u32::from(prefix_v6))
                .unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(address) & mask))
        }
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix_v4)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(address) & mask))
        }
    }
}

/// The address, or for IPv6 its /64 network, which usually belongs to one subscriber.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    of(address, 64, 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_consists_of_the_first_bits_of_an_address() {
        for (address, prefix_v6, prefix_v4, expected) in [
            ("2001:db8:1:2:3::4", 64, 32, "2001:db8:1:2::"),
            ("2001:db8:1:2ff:3::4", 56, 32, "2001:db8:1:200::"),
            ("2001:db8:1:2ff:3::4", 48, 32, "2001:db8:1::"),
            ("2001:db8::1", 128, 32, "2001:db8::1"),
            ("2001:db8::1", 0, 32, "::"),
            ("192.0.2.77", 64, 32, "192.0.2.77"),
            ("192.0.2.77", 64, 24, "192.0.2.0"),
            ("::ffff:192.0.2.77", 64, 16, "192.0.0.0"),
        ] {
            let found = of(address.parse().unwrap(), prefix_v6, prefix_v4);
            assert_eq!(found.to_string(), expected, "{address}");
        }
    }
}
