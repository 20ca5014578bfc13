//! What the query of a request asks for: `format`, `verbose`, `exclude`. Pure.
//!
//! Read as Go's `net/url` reads one, since `exclude` is a parameter of Kubernetes: a part with a
//! semicolon or a broken escape is passed over, `+` is a space, and what comes out need not be
//! UTF-8. Any other parameter is for somebody else.

use std::borrow::Cow;

use crate::dialect::Dialect;

/// The longest query that is read, in bytes.
const MAX_QUERY: usize = 4096;
/// The most parts named `exclude`.
const MAX_EXCLUDED: usize = 64;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    /// The dialect of the first `format`; the native one for a name that nothing has.
    pub(crate) format: Option<Dialect>,
    /// Whatever its value.
    pub(crate) verbose: bool,
    /// Sorted, each once.
    pub(crate) excluded: Vec<Vec<u8>>,
}

/// Why a query is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QueryError {
    #[error("the query has more than {MAX_QUERY} bytes; shorten it")]
    TooLong,
    #[error("more than {MAX_EXCLUDED} checks are excluded; exclude fewer")]
    TooManyExcluded,
}

impl Query {
    pub(crate) fn parse(query: &str) -> Result<Self, QueryError> {
        let mut parsed = Self::default();
        if query.is_empty() {
            return Ok(parsed);
        }
        if query.len() > MAX_QUERY {
            return Err(QueryError::TooLong);
        }
        // Looked for once, as most queries have none of it.
        let is_plain = !query.bytes().any(|byte| matches!(byte, b'%' | b'+' | b';'));
        for part in query.as_bytes().split(|byte| *byte == b'&') {
            let mut sides = part.splitn(2, |byte| *byte == b'=');
            let key = sides.next().and_then(|key| unescape(key, is_plain));
            let value = sides.next().unwrap_or_default();
            match key.as_deref() {
                _ if !is_plain && part.contains(&b';') => {}
                Some(b"format") if parsed.format.is_none() => {
                    parsed.format = unescape(value, is_plain)
                        .map(|name| Dialect::named(&name).unwrap_or(Dialect::Native));
                }
                Some(b"verbose") => parsed.verbose |= unescape(value, is_plain).is_some(),
                Some(b"exclude") => parsed
                    .excluded
                    .extend(unescape(value, is_plain).map(Cow::into_owned)),
                _ => {}
            }
            if parsed.excluded.len() > MAX_EXCLUDED {
                return Err(QueryError::TooManyExcluded);
            }
        }
        parsed.excluded.sort_unstable();
        parsed.excluded.dedup();
        Ok(parsed)
    }
}

/// `None` if an escape is broken. What is plain has none.
fn unescape(text: &[u8], is_plain: bool) -> Option<Cow<'_, [u8]>> {
    if is_plain {
        return Some(Cow::Borrowed(text));
    }
    let mut after_percent = text.split(|byte| *byte == b'%').skip(1);
    let is_hex = |rest: &[u8]| {
        rest.get(..2)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !after_percent.all(is_hex) {
        return None;
    }
    let spaced: Vec<u8> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    Some(Cow::Owned(
        percent_encoding::percent_decode(&spaced).collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let none: [&[u8]; 0] = [];
        for (query, format, verbose, excluded) in [
            ("", None, false, &none[..]),
            ("format=ietf", Some(Dialect::Ietf), false, &none),
            (
                "format=kubernetes&verbose",
                Some(Dialect::Kubernetes),
                true,
                &none,
            ),
            ("verbose=false", None, true, &none),
            ("verbose=", None, true, &none),
            ("Verbose", None, false, &none),
            ("verbose;x", None, false, &none),
            ("verbos%65", None, true, &none),
            ("format=xml", Some(Dialect::Native), false, &none),
            ("format", Some(Dialect::Native), false, &none),
            ("format=IETF", Some(Dialect::Native), false, &none),
            (
                "format=ietf&format=actuator",
                Some(Dialect::Ietf),
                false,
                &none,
            ),
            // The first counts, even if it is nothing.
            ("format=&format=ietf", Some(Dialect::Native), false, &none),
            ("format&format=ietf", Some(Dialect::Native), false, &none),
            (
                "format=%ff&format=ietf",
                Some(Dialect::Native),
                false,
                &none,
            ),
            // But one that cannot be read is none, as in Go.
            ("format=%f&format=ietf", Some(Dialect::Ietf), false, &none),
            ("format=a;b&format=ietf", Some(Dialect::Ietf), false, &none),
            ("format=%6eative", Some(Dialect::Native), false, &none),
            ("format=%69%65%74%66", Some(Dialect::Ietf), false, &none),
            ("%66ormat=ietf", Some(Dialect::Ietf), false, &none),
            ("format=ietf%00", Some(Dialect::Native), false, &none),
            ("format=+ietf", Some(Dialect::Native), false, &none),
            ("format=ietf=ietf", Some(Dialect::Native), false, &none),
            ("format[]=ietf", None, false, &none),
            ("format=ietf%", None, false, &none),
            ("format=i%65tf", Some(Dialect::Ietf), false, &none),
            ("exclude=b&exclude=a&exclude=b", None, false, &[b"a", b"b"]),
            ("exclude=a,b", None, false, &[b"a,b"]),
            ("exclude=a%2Cb+c", None, false, &[b"a,b c"]),
            ("exclude", None, false, &[b""]),
            ("exclude=a%zz&exclude=b%2", None, false, &none),
            ("exclude=%ff%00", None, false, &[b"\xff\x00"]),
            ("exclude=a;exclude=b", None, false, &none),
            ("exclude=a=b", None, false, &[b"a=b"]),
            ("&&=&=x&x", None, false, &none),
        ] {
            let expected = Query {
                format,
                verbose,
                excluded: excluded.iter().map(|name| name.to_vec()).collect(),
            };
            assert_eq!(Query::parse(query), Ok(expected), "{query}");
        }
    }

    #[test]
    fn bounds_are_kept() {
        let long = |length| format!("x={}", "y".repeat(length - 2));
        assert!(Query::parse(&long(MAX_QUERY)).is_ok());
        assert_eq!(Query::parse(&long(MAX_QUERY + 1)), Err(QueryError::TooLong));
        let many = |count| "exclude=a&".repeat(count);
        assert!(Query::parse(&many(MAX_EXCLUDED)).is_ok());
        assert_eq!(
            Query::parse(&many(MAX_EXCLUDED + 1)),
            Err(QueryError::TooManyExcluded)
        );
    }
}
