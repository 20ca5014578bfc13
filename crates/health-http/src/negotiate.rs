//! What the `Accept` of a request asks for among what is offered (RFC 9110, section 12.5.1). Pure.
//!
//! The highest quality wins, where the most specific range that a media type fits sets its
//! quality; among equals the one that the client names first, then the one offered first. A range
//! that is nonsense is passed over, and where nothing fits, the first is had: never a 406.

use std::cmp::Reverse;

use hyper::header::{ACCEPT, HeaderMap, HeaderValue};
use mediatype::{MediaType, MediaTypeList, Name, ReadParams};

use crate::dialect::Dialect;

/// The most bytes of `Accept` that are read; a longer one counts as nonsense.
const MAX_ACCEPT: usize = 1024;

const VERSION: Name<'_> = Name::new_unchecked("version");

/// What can be asked for by its media type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer<T> {
    pub(crate) what: T,
    /// Type, subtype, suffix.
    pub(crate) name: [&'static str; 3],
    /// A range that names another does not fit; any does where there is none.
    pub(crate) version: Option<&'static str>,
}

const fn dialect(what: Dialect, name: [&'static str; 3]) -> Offer<Dialect> {
    Offer {
        what,
        name,
        version: None,
    }
}

/// In order of our own preference.
const DIALECTS: [Offer<Dialect>; 4] = [
    dialect(Dialect::Native, ["application", "json", ""]),
    dialect(Dialect::Ietf, ["application", "health", "json"]),
    dialect(
        Dialect::Actuator,
        ["application", "vnd.spring-boot.actuator.v3", "json"],
    ),
    dialect(Dialect::Kubernetes, ["text", "plain", ""]),
];

/// The dialect of a report.
pub(crate) fn negotiate(headers: &HeaderMap) -> Dialect {
    preferred(headers, &DIALECTS).unwrap_or(Dialect::Native)
}

/// The best of what is offered; `None` if nothing of it fits.
pub(crate) fn preferred<T: Copy>(headers: &HeaderMap, offered: &[Offer<T>]) -> Option<T> {
    let values = || headers.get_all(ACCEPT).iter();
    if values().map(HeaderValue::len).sum::<usize>() > MAX_ACCEPT {
        return None;
    }
    let texts = values().filter_map(|value| value.to_str().ok());
    let ranges: Vec<_> = texts
        .flat_map(MediaTypeList::new)
        .filter_map(|range| Range::new(&range.ok()?))
        .collect();
    let mut best = (0, Reverse(usize::MAX), None);
    for offer in offered {
        let fits = ranges.iter().enumerate().filter_map(|(position, range)| {
            Some((range.specificity(offer)?, Reverse(position), range.quality))
        });
        let Some((_, position, quality)) = fits.max() else {
            continue;
        };
        if (quality, position) > (best.0, best.1) && quality > 0 {
            best = (quality, position, Some(offer.what));
        }
    }
    best.2
}

/// What most probers send, without a closer look: nothing, anything, or one type by itself.
pub(crate) fn usual(first: Option<&HeaderValue>, second: Option<&HeaderValue>) -> Option<Dialect> {
    match (first.map(HeaderValue::as_bytes), second) {
        (None | Some(b"*/*" | b"application/json"), None) => Some(Dialect::Native),
        (Some(b"application/health+json"), None) => Some(Dialect::Ietf),
        (Some(b"text/plain"), None) => Some(Dialect::Kubernetes),
        (Some(b"application/vnd.spring-boot.actuator.v3+json"), None) => Some(Dialect::Actuator),
        _ => None,
    }
}

/// One range of an `Accept`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Range {
    /// Type, subtype, suffix, in lower case.
    name: [String; 3],
    version: Option<String>,
    /// In thousandths.
    quality: u32,
}

impl Range {
    /// `None` for one whose quality is nonsense.
    fn new(range: &MediaType<'_>) -> Option<Self> {
        let quality = match range.get_param(mediatype::names::Q) {
            None => 1000,
            Some(value) => quality(&value.unquoted_str())?,
        };
        let suffix = range.suffix.map_or("", |suffix| suffix.as_str());
        Some(Self {
            name: [range.ty.as_str(), range.subty.as_str(), suffix].map(str::to_ascii_lowercase),
            version: range
                .get_param(VERSION)
                .map(|version| version.unquoted_str().into_owned()),
            quality,
        })
    }

    /// How closely it fits a media type: 3 for its name and version, 2 for its name, 0 for `*/*`;
    /// `None` if it does not.
    fn specificity<T>(&self, offer: &Offer<T>) -> Option<u8> {
        let [kind, subtype, _] = &self.name;
        match (kind.as_str(), subtype.as_str()) {
            _ if self.name == offer.name => match (&self.version, offer.version) {
                (Some(asked), Some(version)) => (asked == version).then_some(3),
                _ => Some(2),
            },
            ("*", "*") => Some(0),
            (_, "*") if Some(&kind.as_str()) == offer.name.first() => Some(1),
            _ => None,
        }
    }
}

/// A quality value in thousandths, `0` to `1`. More digits than three, or none before the point,
/// are let pass; a sign, an exponent or a word are not.
fn quality(text: &str) -> Option<u32> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value: f64 = text.parse().ok().filter(|_| plain)?;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 0 and 1000"
    )]
    (0.0..=1.0)
        .contains(&value)
        .then(|| (value * 1000.0).ceil() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    fn asked(values: &[&[u8]]) -> Dialect {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, HeaderValue::from_bytes(value).unwrap());
        }
        negotiate(&headers)
    }

    #[test]
    fn table() {
        use Dialect::{Actuator, Ietf, Kubernetes, Native};
        for (accept, expected) in [
            // What probers and people send.
            ("*/*", Native),
            ("", Native),
            ("application/json", Native),
            ("application/health+json", Ietf),
            ("application/vnd.spring-boot.actuator.v3+json", Actuator),
            ("text/plain", Kubernetes),
            ("text/plain, */*", Kubernetes),
            ("text/plain; charset=utf-8", Kubernetes),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                Native,
            ),
            (
                "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
                Native,
            ),
            ("application/vnd.spring-boot.actuator.v2+json", Native),
            // Case, white space, quotes.
            ("Application/HEALTH+JSON", Ietf),
            ("  text/plain ;Q=1 ", Kubernetes),
            ("text/plain;q=\"0.5\", application/json;q=0.4", Kubernetes),
            // Qualities.
            (
                "application/health+json;q=0.5, text/plain;q=0.9",
                Kubernetes,
            ),
            ("application/health+json;q=0.9, text/plain;q=0.5", Ietf),
            ("application/json;q=0.001, */*;q=0", Native),
            (
                "application/health+json;q=0.001, application/json;q=0",
                Ietf,
            ),
            ("text/plain;q=0", Native),
            ("text/plain;q=0, application/json;q=0", Native),
            ("*/*;q=0", Native),
            ("application/json;q=0, */*", Ietf),
            ("application/json;q=0, text/plain;q=0.1", Kubernetes),
            (
                "text/plain;q=0.5000001, application/health+json;q=0.5",
                Kubernetes,
            ),
            // Ties go to the first.
            ("application/health+json, text/plain", Ietf),
            ("text/plain, application/health+json", Kubernetes),
            ("text/plain, application/json", Kubernetes),
            ("application/json, text/plain", Native),
            ("*/*, text/plain", Native),
            // The most specific range speaks for a type, wherever it stands.
            (
                "text/*;q=1, text/plain;q=0.1, application/health+json;q=0.3",
                Ietf,
            ),
            (
                "text/plain;q=0.1, text/*;q=1, application/health+json;q=0.3",
                Ietf,
            ),
            (
                "*/*;q=1, application/json;q=0.2, application/*;q=0.1",
                Kubernetes,
            ),
            ("text/*", Kubernetes),
            ("application/*", Native),
            ("application/*, application/json;q=0", Ietf),
            ("text/*;q=0.3, */*;q=0.1", Kubernetes),
            // Nonsense is passed over.
            ("text/plain;q=high, application/health+json;q=0.1", Ietf),
            ("text/plain;q=2", Native),
            ("text/plain;q=-1", Native),
            ("text/plain;q=-0", Native),
            ("text/plain;q=+1", Native),
            ("text/plain;q=1.0001", Native),
            ("text/plain;q=inf", Native),
            ("text/plain;q=0x1", Native),
            ("text/plain;q=.", Native),
            ("text/plain;q=0.1.2", Native),
            ("text/plain;q=1.", Kubernetes),
            ("text/plain;q=00001.000", Kubernetes),
            // More digits than there may be are no nonsense; whatever is above nothing is something.
            ("text/plain;q=0.12345", Kubernetes),
            (
                "text/plain;q=0.12345, application/health+json;q=0.123",
                Kubernetes,
            ),
            ("text/plain;q=0.00001", Kubernetes),
            ("text/plain;q=0.00000", Native),
            // The last of two qualities counts.
            ("text/plain;q=0;q=1", Kubernetes),
            ("text/plain;q=1;q=0", Native),
            ("text/plain;q=1e-1", Native),
            ("text/plain;q=NaN", Native),
            ("text/plain;q=", Native),
            ("text/plain;q", Native),
            ("text", Native),
            ("text/", Native),
            ("/plain", Native),
            ("/", Native),
            (",,,", Native),
            (";q=1", Native),
            ("*/plain", Native),
            ("text/plain/x", Native),
            ("text /plain", Native),
            ("\"text/plain\"", Native),
            ("text/plain;x=\"", Native),
            ("application/health+json+json", Native),
            ("application/json+health", Native),
            (
                "application/health+json garbage, text/plain;q=0.5",
                Kubernetes,
            ),
            ("garbage, \"unclosed, text/plain", Native),
        ] {
            assert_eq!(asked(&[accept.as_bytes()]), expected, "{accept}");
        }
        assert_eq!(asked(&[]), Native);
        assert_eq!(asked(&[b"text/html", b"text/plain"]), Kubernetes);
        assert_eq!(asked(&[b"", b"", b"text/plain"]), Kubernetes);
        assert_eq!(asked(&[b"text/plain", b"text/plain;q=0"]), Kubernetes);
        assert_eq!(asked(&[b"text/plain;q=0", b"text/plain"]), Native);
        assert_eq!(asked(&[b"\xff", b"text/plain"]), Kubernetes);
        assert_eq!(asked(&[b"text/pl\xe4in"]), Native);
    }

    #[test]
    fn one_that_is_too_long_is_nonsense() {
        let long = |length: usize| format!("text/plain{}", " ".repeat(length - 10));
        assert_eq!(asked(&[long(MAX_ACCEPT).as_bytes()]), Dialect::Kubernetes);
        assert_eq!(asked(&[long(MAX_ACCEPT + 1).as_bytes()]), Dialect::Native);
        let half = long(MAX_ACCEPT / 2 + 1);
        assert_eq!(asked(&[half.as_bytes(), half.as_bytes()]), Dialect::Native);
    }

    /// Ranges as clients write them, and not.
    fn ranges() -> impl Strategy<Value = Vec<String>> {
        let name = prop_oneof![
            Just("*/*"),
            Just("text/*"),
            Just("application/*"),
            Just("text/plain"),
            Just("text/html"),
            Just("application/json"),
            Just("application/health+json"),
            Just("application/vnd.spring-boot.actuator.v3+json"),
        ];
        let quality = prop_oneof![
            Just(String::new()),
            (0_u32..=1000).prop_map(|it| format!(";q={}.{:03}", it / 1000, it % 1000)),
            "[;q=.0-9a-zN+-]{0,8}".prop_map(|it| format!(";{it}")),
        ];
        let range = (name, quality).prop_map(|(name, quality)| format!("{name}{quality}"));
        prop::collection::vec(range, 0..8)
    }

    proptest! {
        #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

        #[test]
        fn nonsense_chooses_nothing_that_it_does_not_name(
            values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..5),
        ) {
            let mut headers = HeaderMap::new();
            for value in &values {
                if let Ok(value) = HeaderValue::from_bytes(value) {
                    headers.append(ACCEPT, value);
                }
            }
            let chosen = negotiate(&headers);
            let named = values.concat().to_ascii_lowercase();
            let names = |word: &str| named.windows(word.len()).any(|it| it == word.as_bytes());
            let kind = chosen.content_type().split(';').next().unwrap();
            prop_assert!(chosen == Dialect::Native || names("/*") || names(kind), "{chosen:?}");
        }

        /// RFC 9110, section 5.3.
        #[test]
        fn several_fields_are_one(ranges in ranges()) {
            let fields: Vec<_> = ranges.iter().map(String::as_bytes).collect();
            let chosen = asked(&fields);
            prop_assert_eq!(asked(&[ranges.join(", ").as_bytes()]), chosen);
            prop_assert_eq!(asked(&[ranges.join(" , ,").to_uppercase().as_bytes()]), chosen);
        }

        #[test]
        fn what_is_ruled_out_is_had_only_where_nothing_is_left(ranges in ranges()) {
            for Offer { what, .. } in DIALECTS {
                let name = what.content_type().split(';').next().unwrap();
                let refusal = format!("{name};q=0");
                let others = ranges.iter().filter(|range| !range.starts_with(name));
                let mut headers = HeaderMap::new();
                for range in others.chain([&refusal]) {
                    headers.append(ACCEPT, range.parse().unwrap());
                }
                prop_assert_ne!(preferred(&headers, &DIALECTS), Some(what));
            }
        }

        #[test]
        fn the_short_way_leads_where_the_long_one_does(ranges in ranges()) {
            let mut headers = HeaderMap::new();
            for range in &ranges {
                headers.append(ACCEPT, range.parse().unwrap());
            }
            let long = preferred(&headers, &DIALECTS).unwrap_or(Dialect::Native);
            prop_assert_eq!(negotiate(&headers), long);
        }
    }
}
