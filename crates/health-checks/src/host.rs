//! What may be a host: a name that DNS can hold, or an address. It resolves nothing.

use std::net::Ipv6Addr;

/// The longest name of DNS, RFC 1035 section 2.3.4.
pub(crate) const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// An IPv4 address, or a name; underscores are no host names, and yet in use.
pub(crate) fn is_name(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    name.len() <= MAX_NAME
        && name.split('.').all(|label| {
            (1..=MAX_LABEL).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        })
}

/// A scope (`fe80::1%eth0`) is for the resolver of the system to read.
pub(crate) fn is_ipv6(host: &str) -> bool {
    let (address, scope) = host.split_once('%').unwrap_or((host, "x"));
    address.parse::<Ipv6Addr>().is_ok()
        && (1..=MAX_LABEL).contains(&scope.len())
        && scope
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
}

/// A port that can be connected to.
pub(crate) fn port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports() {
        for (text, read) in [
            ("1", Some(1)),
            ("65535", Some(65535)),
            ("0", None),
            ("65536", None),
            ("+1", None),
            ("-1", None),
            ("", None),
            (" 1", None),
        ] {
            assert_eq!(port(text), read, "{text:?}");
        }
    }
}
