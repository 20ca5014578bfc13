//! Positions of the write-ahead log as text, and the timelines in the names of its files. Pure.

/// Reads a log sequence number as PostgreSQL writes a `pg_lsn`: the halves of a 64-bit number in
/// hexadecimal, divided by a slash.
pub(super) fn lsn(text: &str) -> Option<u64> {
    let (high, low) = text.split_once('/')?;
    Some(u64::from(half(high)?) << 32 | u64::from(half(low)?))
}

/// The timeline that the name of a file of the write-ahead log begins with.
pub(super) fn timeline(file: &str) -> Option<u64> {
    if file.len() != 24 {
        return None;
    }
    Some(u64::from(half(file.get(..8)?)?))
}

fn half(digits: &str) -> Option<u32> {
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !is_hex || digits.len() > 8 {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions() {
        for (text, expected) in [
            ("0/0", Some(0)),
            ("0/3000060", Some(0x0300_0060)),
            ("0/FFFFFFFF", Some(0xFFFF_FFFF)),
            ("1/0", Some(1 << 32)),
            ("16/B374D848", Some(0x16_B374_D848)),
            ("16/b374d848", Some(0x16_B374_D848)),
            ("FFFFFFFF/FFFFFFFF", Some(u64::MAX)),
            ("", None),
            ("/", None),
            ("0/", None),
            ("/0", None),
            ("0", None),
            ("0/0/0", None),
            ("0/100000000", None),
            ("100000000/0", None),
            ("+1/0", None),
            ("-1/0", None),
            (" 1/0", None),
            ("g/0", None),
            ("1/é", None),
        ] {
            assert_eq!(lsn(text), expected, "{text:?}");
        }
    }

    #[test]
    fn timelines() {
        for (file, expected) in [
            ("000000010000000000000003", Some(1)),
            ("0000000A00000016000000B3", Some(10)),
            ("FFFFFFFF00000000000000FF", Some(0xFFFF_FFFF)),
            ("00000001000000000000000", None),
            ("0000000x0000000000000003", None),
            ("é000001000000000000003", None),
            ("", None),
        ] {
            assert_eq!(timeline(file), expected, "{file:?}");
        }
    }
}
