//! Which addresses an HTTP check does not ask unless told to. Pure; it resolves nothing.
//!
//! Link-local addresses and those of cloud metadata services: whoever can move a name or a
//! redirect there would have the service fetch its machine's credentials.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Metadata services outside of the link-local range: Alibaba, Azure's wire server, Oracle.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];
/// Amazon, Google, Scaleway.
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
];

/// Whether `ip` is link-local or a metadata service, in any notation that leads there.
pub(super) fn is_guarded(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => guarded_v4(ip),
        IpAddr::V6(ip) => {
            ip.is_unicast_link_local()
                || METADATA_V6.contains(&ip)
                || embedded(ip).is_some_and(guarded_v4)
        }
    }
}

fn guarded_v4(ip: Ipv4Addr) -> bool {
    ip.is_link_local() || METADATA_V4.contains(&ip)
}

/// The IPv4 address within a mapped or compatible (RFC 4291), translated (RFC 6052, RFC
/// 2765) or 6to4 (RFC 3056) address.
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let ([0, 0, 0, 0, 0, 0 | 0xffff, high, low]
    | [0, 0, 0, 0, 0xffff, 0, high, low]
    | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
    | [0x2002, high, low, ..]) = ip.segments()
    else {
        return None;
    };
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Some(Ipv4Addr::new(a, b, c, d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_credentials_lie() {
        for (ip, guarded) in [
            ("169.254.0.0", true),
            ("169.254.169.254", true),
            ("169.254.170.2", true),
            ("169.254.255.255", true),
            ("169.253.255.255", false),
            ("169.255.0.0", false),
            ("100.100.100.200", true),
            ("100.100.100.201", false),
            ("168.63.129.16", true),
            ("192.0.0.192", true),
            ("127.0.0.1", false),
            ("10.0.0.1", false),
            ("fe80::1", true),
            ("febf:ffff::1", true),
            ("fec0::1", false),
            ("fe7f::1", false),
            ("::1", false),
            ("::ffff:169.254.169.254", true),
            ("::ffff:100.100.100.200", true),
            ("::ffff:127.0.0.1", false),
            ("::169.254.169.254", true),
            ("::ffff:0:169.254.169.254", true),
            ("64:ff9b::169.254.169.254", true),
            ("64:ff9b::10.0.0.1", false),
            ("2002:a9fe:a9fe::1", true),
            ("2002:a00:1::1", false),
            ("fd00:ec2::254", true),
            ("fd20:ce::254", true),
            ("fd00:42::42", true),
            ("fd00:ec2::253", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_guarded(ip.parse().unwrap()), guarded, "{ip}");
        }
    }
}
