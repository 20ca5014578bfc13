//! Where the value of a secret key ends: quoted, bracketed or bare.
//!
//! Pure scanning; which keys are secret, and what is put in the place of their
//! values, is said by `redact`.

/// Parts of a key whose value goes on to the end of its line, spaces included.
const LINE_PARTS: [&str; 2] = ["authorization", "cookie"];
/// And to the end of the text: a key in PEM has many lines.
const TEXT_PARTS: [&str; 1] = ["privatekey"];

/// How long a value is that no quote or bracket ends.
pub(crate) fn bare_length(folded: &str, value: &str) -> usize {
    if TEXT_PARTS.iter().any(|part| folded.contains(part)) {
        return value.len();
    }
    if LINE_PARTS.iter().any(|part| folded.contains(part)) {
        let line = until(value, |c| matches!(c, '\n' | '\r' | '"' | '\''));
        return line.trim_end().len();
    }
    // `token: Bearer abc`: the scheme is no secret, what follows is.
    let (_, length) = value_span(value, 0);
    let word = value.get(..length).unwrap_or_default();
    let schemes = ["bearer", "basic", "digest", "token"];
    if !schemes
        .iter()
        .any(|scheme| word.eq_ignore_ascii_case(scheme))
    {
        return length;
    }
    let after = rest_of(value, length);
    let credential = after.trim_start_matches(' ');
    let (skipped, more) = value_span(credential, 0);
    length + (after.len() - credential.len()) + skipped + more
}

pub(crate) fn quoted(value: &str) -> bool {
    value.trim_start_matches('\\').starts_with(['"', '\'', '`'])
}

/// The length of `Some("x")`, `[…]`, `{…}`, `b"x"`: all of it is the value. To
/// the end of the text if a bracket is not closed.
pub(crate) fn wrapped_length(value: &str) -> Option<usize> {
    let name = until(value, |c| {
        !(c.is_alphanumeric() || matches!(c, '_' | ':' | '#' | '&'))
    });
    let rest = rest_of(value, name.len());
    if matches!(name, "b" | "r" | "br" | "c" | "r#" | "br#") && rest.starts_with('"') {
        let (_, length) = value_span(rest, 0);
        return Some((name.len() + length + 2).min(value.len()));
    }
    if !rest.starts_with(['(', '[', '{']) {
        return None;
    }
    let mut depth = 0_usize;
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(name.len() + at + c.len_utf8());
        }
    }
    Some(value.len())
}

/// Whether a bare value ends before `rest`: a password may hold commas and
/// brackets, a list of pairs goes on with a key.
fn ends_value(rest: &str) -> bool {
    let mut chars = rest.chars();
    match chars.next() {
        Some(c) if c.is_whitespace() || matches!(c, '&' | '"' | '\'') => true,
        Some(',' | ';' | ')' | '}' | ']') => {
            let after = chars.as_str();
            let key: usize = after
                .chars()
                .take(64)
                .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
                .map(char::len_utf8)
                .sum();
            match rest_of(after, key).chars().next() {
                None => key == 0,
                Some(c) => matches!(c, '=' | ':') || (key == 0 && !c.is_alphanumeric()),
            }
        }
        _ => false,
    }
}

/// Where a value starts and how long it is, given its text and offset; quotes stay.
pub(crate) fn value_span(value: &str, offset: usize) -> (usize, usize) {
    let opened = value.trim_start_matches('\\');
    let slashes = value.len() - opened.len();
    if let Some(quote) = opened
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'))
    {
        let inner = opened.get(1..).unwrap_or_default();
        let mut escaped = false;
        let end = inner.find(|c: char| {
            let closes = c == quote && (!escaped || slashes > 0);
            escaped = c == '\\' && !escaped;
            closes
        });
        let value = inner.get(..end.unwrap_or(inner.len())).unwrap_or_default();
        // JSON within JSON: the closing quote is escaped as the opening one is.
        let length = if slashes > 0 {
            value.trim_end_matches('\\').len()
        } else {
            value.len()
        };
        return (offset + slashes + 1, length);
    }
    let mut starts = value.char_indices().map(|(at, _)| at);
    let end = starts.find(|at| ends_value(rest_of(value, *at)));
    (offset, end.unwrap_or(value.len()))
}

pub(crate) fn until(text: &str, stop: impl Fn(char) -> bool) -> &str {
    text.get(..text.find(stop).unwrap_or(text.len()))
        .unwrap_or_default()
}

pub(crate) fn rest_of(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}
