//! Reads performance data as the Monitoring Plugins Development Guidelines have it:
//! `'label'=value[UOM];[warn];[crit];[min];[max]`, separated by blanks.
//!
//! Pure. It converts no units: whether a plugin's `MB` is 10^6 or 2^20 bytes, nobody says.

use std::borrow::Cow;

use health_core::Outcome;

/// More than this of one run are not shown; the details have a bound too.
const MAX_ENTRIES: usize = 64;
/// Longer labels and units are none.
const MAX_LABEL: usize = 128;
const MAX_UNIT: usize = 16;
/// The longest range that is two numbers: `@-1.7976931348623157e308:…`.
const MAX_RANGE: usize = 64;

/// All entries of a text that can be read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Perfdata {
    entries: Vec<Entry>,
    /// How many could not be read, or were too many.
    skipped: u64,
}

/// One figure.
#[derive(Debug, PartialEq)]
struct Entry {
    label: String,
    /// `None` where the plugin says `U`: it could not tell.
    value: Option<Number>,
    unit: String,
    /// `warn`, `crit`, `min` and `max`, as far as they are given and can be read.
    limits: [Option<Limit>; 4],
}

const LIMITS: [&str; 4] = ["warn", "crit", "min", "max"];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Whole(i64),
    Real(f64),
}

#[derive(Clone, Debug, PartialEq)]
enum Limit {
    Number(Number),
    /// `10:20`, `~:10`, `@10:20`.
    Range(String),
}

impl Perfdata {
    /// Reads what stands behind the bars of an output.
    pub(super) fn parse(text: &str) -> Self {
        let mut perfdata = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (entry, behind) = entry(rest);
            rest = behind.trim_start();
            match entry {
                Some(entry) if perfdata.entries.len() < MAX_ENTRIES => perfdata.entries.push(entry),
                _ => perfdata.skipped += 1,
            }
        }
        perfdata
    }

    /// Adds each figure as a detail with its unit in the key, and its limits beside it.
    pub(super) fn details(self, mut outcome: Outcome) -> Outcome {
        for entry in self.entries {
            let key = entry.key();
            for (limit, name) in entry.limits.iter().zip(LIMITS) {
                let key = format!("{key}_{name}");
                outcome = match limit {
                    Some(Limit::Number(Number::Whole(whole))) => outcome.detail(key, *whole),
                    Some(Limit::Number(Number::Real(real))) => outcome.detail(key, *real),
                    Some(Limit::Range(range)) => outcome.detail(key, range.as_str()),
                    None => outcome,
                };
            }
            outcome = match entry.value {
                Some(Number::Whole(whole)) => outcome.detail(key, whole),
                Some(Number::Real(real)) => outcome.detail(key, real),
                None => outcome.detail(key, ()),
            };
        }
        if self.skipped > 0 {
            outcome = outcome.detail("perfdata_skipped", self.skipped);
        }
        outcome
    }
}

impl Entry {
    /// The label with its unit, unless it ends with it already.
    fn key(&self) -> String {
        let unit: Cow<'_, str> = match self.unit.as_str() {
            "" => return self.label.clone(),
            "s" => "seconds".into(),
            "%" => "percent".into(),
            "B" => "bytes".into(),
            "c" => "total".into(),
            other => other.to_lowercase().into(),
        };
        let ends = self.label.strip_suffix(unit.as_ref());
        if ends.is_some_and(|stem| stem.is_empty() || stem.ends_with('_')) {
            self.label.clone()
        } else {
            format!("{}_{unit}", self.label)
        }
    }
}

/// The first entry of `text`, which does not start with a blank, and what follows it.
fn entry(text: &str) -> (Option<Entry>, &str) {
    let Some((label, data)) = label(text) else {
        return (None, behind_word(text));
    };
    let behind = behind_word(data);
    let data = data.strip_suffix(behind).unwrap_or(data);
    let mut fields = data.split(';');
    let Some((value, unit)) = fields.next().and_then(figure) else {
        return (None, behind);
    };
    if label.is_empty() || label.len() > MAX_LABEL {
        return (None, behind);
    }
    let entry = Entry {
        label: label.into_owned(),
        value,
        unit: unit.to_owned(),
        limits: [(); 4].map(|()| fields.next().and_then(limit)),
    };
    (Some(entry), behind)
}

/// The label, and what follows its equals sign.
fn label(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('\'') else {
        let (label, rest) = text.split_once('=')?;
        let plain = !label.contains(|c: char| c.is_whitespace() || c == '\'');
        return plain.then_some((label.into(), rest));
    };
    // Two quotes stand for one.
    let mut from = 0;
    loop {
        let at = from + quoted.get(from..)?.find('\'')?;
        let rest = quoted.get(at + 1..)?;
        if rest.starts_with('\'') {
            from = at + 2;
        } else {
            let label = quoted.get(..at)?.replace("''", "'");
            return Some((label.into(), rest.strip_prefix('=')?));
        }
    }
}

fn behind_word(text: &str) -> &str {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    text.get(end..).unwrap_or_default()
}

/// A value with its unit; the value is `None` for `U`.
fn figure(text: &str) -> Option<(Option<Number>, &str)> {
    if text == "U" {
        return Some((None, ""));
    }
    let unit = text.get(number_length(text)..)?;
    let number = number(text.strip_suffix(unit)?)?;
    let known = unit.len() <= MAX_UNIT && !unit.contains(|c: char| c.is_ascii_digit() || c == ',');
    known.then_some((Some(number), unit))
}

/// How many bytes of `text` are a number, with an exponent if a whole one follows.
fn number_length(text: &str) -> usize {
    let digits = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let after = |at: usize| text.get(at..).unwrap_or_default();
    let sign = |at: usize| usize::from(after(at).starts_with(['-', '+']));
    let mut end = sign(0);
    end += digits(after(end));
    if after(end).starts_with('.') {
        end += 1;
        end += digits(after(end));
    }
    if after(end).starts_with(['e', 'E']) {
        let exponent = end + 1 + sign(end + 1);
        let length = digits(after(exponent));
        if length > 0 {
            end = exponent + length;
        }
    }
    end
}

fn number(text: &str) -> Option<Number> {
    if number_length(text) != text.len() {
        return None;
    }
    if let Ok(whole) = text.parse() {
        return Some(Number::Whole(whole));
    }
    let real: f64 = text.parse().ok()?;
    real.is_finite().then_some(Number::Real(real))
}

fn limit(text: &str) -> Option<Limit> {
    if let Some(number) = number(text) {
        return Some(Limit::Number(number));
    }
    let bounds = text.strip_prefix('@').unwrap_or(text);
    let (start, end) = bounds.split_once(':').unwrap_or(("", bounds));
    let start = start.is_empty() || start == "~" || number(start).is_some();
    let end = number(end).is_some() || (end.is_empty() && bounds.len() > 1);
    (start && end && text.len() <= MAX_RANGE).then(|| Limit::Range(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    use super::*;

    fn details(text: &str) -> String {
        let outcome = Perfdata::parse(text).details(Outcome::healthy());
        let pairs = outcome.details().iter();
        let pairs: Vec<String> = pairs.map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join(" ")
    }

    #[test]
    fn figures_have_their_units_in_their_names() {
        for (text, expected) in [
            ("", ""),
            ("  \n ", ""),
            ("procs=3", "procs=3"),
            ("load1=0.150", "load1=0.15"),
            ("a=-1.5 b=+2 c=.5 d=5.", "a=-1.5 b=2 c=0.5 d=5.0"),
            ("time=0.001s", "time_seconds=0.001"),
            ("rta=12.5ms pl=0%", "pl_percent=0 rta_ms=12.5"),
            ("t=5us n=7ns", "n_ns=7 t_us=5"),
            ("size=2643MB free=5B", "free_bytes=5 size_mb=2643"),
            ("octets=12c", "octets_total=12"),
            ("'disk /var'=5GB", "disk /var_gb=5"),
            ("'it''s'=1", "it's=1"),
            ("''''=1", "'=1"),
            ("used_bytes=5B bytes=6B", "bytes=6 used_bytes=5"),
            ("megabytes=6B", "megabytes_bytes=6"),
            ("x=U", "x=null"),
            (
                "x=1e3 y=1E-2s z=1EB w=2e",
                "w_e=2 x=1000.0 y_seconds=0.01 z_eb=1",
            ),
            ("temp=21.5°C", "temp_°c=21.5"),
            ("big=99999999999999999999", "big=1e+20"),
            ("x=1 x=2", "x=2"),
        ] {
            assert_eq!(details(text), expected, "{text:?}");
        }
    }

    #[test]
    fn limits_stand_beside_their_figures() {
        for (text, expected) in [
            (
                "load1=0.10;5.000;10;0;",
                "load1=0.1 load1_crit=10 load1_min=0 load1_warn=5.0",
            ),
            (
                "/=2643MB;5948;5958;0;5968",
                "/_mb=2643 /_mb_crit=5958 /_mb_max=5968 /_mb_min=0 /_mb_warn=5948",
            ),
            (
                "t=1s;10:20;@~:5;;",
                r#"t_seconds=1 t_seconds_crit="@~:5" t_seconds_warn="10:20""#,
            ),
            ("t=1;10:;~:3", r#"t=1 t_crit="~:3" t_warn="10:""#),
            // What is no range is left out, and the figure stays.
            ("t=1;warm;:;@", "t=1"),
            ("t=1;;;;5;6;7", "t=1 t_max=5"),
        ] {
            assert_eq!(details(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_counted_and_the_rest_is_read() {
        let long = format!("{}=1", "x".repeat(MAX_LABEL + 1));
        for (text, expected) in [
            ("nonsense a=1", "a=1 perfdata_skipped=1"),
            ("=1 a=1", "a=1 perfdata_skipped=1"),
            ("a= b=1", "b=1 perfdata_skipped=1"),
            ("a=nan b=inf c=-infinity d=1e999", "perfdata_skipped=4"),
            ("a=0,5s b=1", "b=1 perfdata_skipped=1"),
            ("a=1.2.3 b=1--2 c=1", "c=1 perfdata_skipped=2"),
            ("'open a=1", "a=1 perfdata_skipped=1"),
            ("'a b' c=1", "c=1 perfdata_skipped=2"),
            ("'a'b=1 c=2", "c=2 perfdata_skipped=1"),
            ("it's=1", "perfdata_skipped=1"),
            ("a b=1", "b=1 perfdata_skipped=1"),
            (&long, "perfdata_skipped=1"),
        ] {
            assert_eq!(details(text), expected, "{text:?}");
        }
        let many = "n=1 ".repeat(MAX_ENTRIES + 5);
        let perfdata = Perfdata::parse(&many);
        assert_eq!((perfdata.entries.len(), perfdata.skipped), (MAX_ENTRIES, 5));
    }

    proptest! {
        #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

        #[test]
        fn any_text_is_read_within_bounds(text in "(?s).{0,400}") {
            let perfdata = Perfdata::parse(&text);
            prop_assert!(perfdata.entries.len() <= MAX_ENTRIES);
            for entry in &perfdata.entries {
                prop_assert!(!entry.label.is_empty() && entry.label.len() <= MAX_LABEL);
                if let Some(Number::Real(real)) = entry.value {
                    prop_assert!(real.is_finite());
                }
            }
        }

        #[test]
        fn what_is_written_is_read(label in "[^\\pC]{1,20}", value in -1e12..1e12_f64, skip in "[a-z]{0,5}") {
            let quoted = label.replace('\'', "''");
            let perfdata = Perfdata::parse(&format!("{skip} '{quoted}'={value}s;1;2 last=1"));
            let [entry, last] = perfdata.entries.as_slice() else {
                return Err(TestCaseError::fail(format!("{perfdata:?}")));
            };
            prop_assert_eq!((&entry.label, entry.unit.as_str()), (&label, "s"));
            let read = match entry.value {
                Some(Number::Real(real)) => real,
                #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
                Some(Number::Whole(whole)) => whole as f64,
                None => f64::NAN,
            };
            prop_assert!((read - value).abs() < f64::EPSILON);
            prop_assert_eq!(last.label.as_str(), "last");
        }
    }
}
