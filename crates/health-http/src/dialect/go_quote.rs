//! A string in double quotes as Go's `%q` writes it (`strconv.Quote`).
//!
//! Which characters Go takes for printable follows the Unicode version of its library; here it is
//! that of Rust's, so that only characters new in one of them may differ.

use std::fmt::Write as _;

/// Appends `bytes` in quotes. They need not be UTF-8.
pub(super) fn push_quoted(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut quoted = String::with_capacity(bytes.len() + 2);
    quoted.push('"');
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            push_character(&mut quoted, character);
        }
        for byte in chunk.invalid() {
            // Writing to a `String` cannot fail.
            let _ = write!(quoted, "\\x{byte:02x}");
        }
    }
    quoted.push('"');
    out.extend_from_slice(quoted.as_bytes());
}

fn push_character(quoted: &mut String, character: char) {
    let named = match character {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\x07' => "\\a",
        '\x08' => "\\b",
        '\x0c' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\x0b' => "\\v",
        _ => "",
    };
    let code = u32::from(character);
    let _ = match character {
        _ if !named.is_empty() => quoted.write_str(named),
        _ if is_printable(character) => quoted.write_char(character),
        ..' ' | '\x7f' => write!(quoted, "\\x{code:02x}"),
        ..'\u{10000}' => write!(quoted, "\\u{code:04x}"),
        _ => write!(quoted, "\\U{code:08x}"),
    };
}

/// Letters, marks, numbers, punctuation, symbols, and the ASCII space.
fn is_printable(character: char) -> bool {
    match character {
        ' '..='~' => true,
        _ if character.is_ascii() => false,
        // A mark that combines is escaped by itself, but not behind a letter.
        _ => !['a', character]
            .iter()
            .collect::<String>()
            .escape_debug()
            .any(|c| c == '\\'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_quotes() {
        for (bytes, quoted) in [
            (&b"db"[..], r#""db""#),
            (b"", r#""""#),
            (b"a\"b\\c", r#""a\"b\\c""#),
            (
                b"\n\t\r\x07\x08\x0c\x0b\x00\x1f\x7f",
                r#""\n\t\r\a\b\f\v\x00\x1f\x7f""#,
            ),
            ("héllo 世界 👍".as_bytes(), "\"héllo 世界 👍\""),
            ("e\u{301}".as_bytes(), "\"e\u{301}\""),
            ("\u{301}".as_bytes(), "\"\u{301}\""),
            (
                "\u{a0}\u{ad}\u{200b}\u{feff}\u{2028}".as_bytes(),
                r#""\u00a0\u00ad\u200b\ufeff\u2028""#,
            ),
            (
                "\u{e0001}\u{10ffff}".as_bytes(),
                r#""\U000e0001\U0010ffff""#,
            ),
            (b"\xff\xc3", r#""\xff\xc3""#),
            ("\u{fffd}".as_bytes(), "\"\u{fffd}\""),
            (b"<script>'", r#""<script>'""#),
        ] {
            let mut out = Vec::new();
            push_quoted(&mut out, bytes);
            assert_eq!(String::from_utf8(out).unwrap(), quoted);
        }
    }
}
