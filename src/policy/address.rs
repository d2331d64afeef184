//! Which addresses are private.
//!
//! The special-purpose registries of RFC 6890 and its updates, and every way to write an IPv4
//! address inside an IPv6 one. Must not know names or resolvers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address belongs to this host, a private or link-local network, or to a range that
/// is not reachable on the public internet.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => embedded_v4(v6).map_or_else(|| is_private_v6(v6), is_private_v4),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0 // this network, RFC 791
        || (a == 100 && b & 0xc0 == 64) // shared address space, RFC 6598
        || (a == 192 && b == 0 && c == 0) // IETF protocol assignments, RFC 6890
        || (a == 192 && b == 88 && c == 99) // relays of 6to4, RFC 7526
        || (a == 198 && b & 0xfe == 18) // benchmarking, RFC 2544
        || a >= 240 // reserved, RFC 1112
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || first & 0xfe00 == 0xfc00 // unique local, RFC 4193
        || first & 0xffc0 == 0xfe80 // link-local, RFC 4291
        || first & 0xffc0 == 0xfec0 // site-local, RFC 3879
        || (first == 0x2001 && second == 0xdb8) // documentation, RFC 3849
        || (first == 0x3fff && second & 0xf000 == 0) // documentation, RFC 9637
        || (first == 0x2001 && second == 0) // Teredo, RFC 4380: leads to any IPv4 address
        || (first == 0x2001 && second == 2) // benchmarking, RFC 5180
        || (first == 0x2001 && second & 0xfff0 == 0x10) // ORCHID, RFC 4843
        || first == 0x5f00 // segments of routes, RFC 9602
        || first == 0x0100 // discard, RFC 6666
}

/// The IPv4 address inside mapped, compatible, 6to4 and NAT64 addresses.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [s0, s1, s2, s3, s4, s5, s6, s7] = address.segments();
    let tail = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match (s0, s1, s2, s3, s4, s5) {
        (0, 0, 0, 0, 0, 0xffff) | (0, 0, 0, 0, 0xffff, 0) => Some(tail(s6, s7)),
        (0, 0, 0, 0, 0, 0) => Some(tail(s6, s7)), // with `::` and `::1`, which are 0.0.0.0 and 0.0.0.1
        (0x64, 0xff9b, 0, 0, 0, 0) => Some(tail(s6, s7)), // NAT64, RFC 6052
        (0x64, 0xff9b, 1, ..) => Some(Ipv4Addr::new(10, 0, 0, 0)), // local-use NAT64, RFC 8215
        (0x2002, ..) => Some(tail(s1, s2)),       // 6to4, RFC 3056
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_private_address_is_private() {
        for text in [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "240.0.0.1",
            "::1",
            "::",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "2001:db8::1",
            "::ffff:0:127.0.0.1",
            "::5",
            "::0.1.2.3",
            "192.88.99.1",
            "2001::7f00:1",
            "2001:2::1",
            "2001:1f::1",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(is_private(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn public_addresses_are_not() {
        for text in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "198.20.0.1",
            "2606:4700::1",
            "64:ff9b::101:101",
            "::ffff:8.8.8.8",
            "2001:4860::1",
            "3ffe::1",
            "3fff:1000::1",
            "::8.8.8.8",
        ] {
            assert!(!is_private(text.parse().unwrap()), "{text}");
        }
    }
}
