//! Alert rules that are slightly wrong, made from one that is right.
//!
//! By text, for rules as those in `alerts.yml`; nothing here knows the language of
//! expressions, and promtool must say whether a mutant is a rule at all.

use health_examples::duration;
use serde_json::{Value, json};

/// Half of a time and twice as much, as Prometheus writes it.
fn half_and_double(time: &str) -> [String; 2] {
    let time = duration::parse(time).unwrap();
    [time / 2, time * 2].map(|it| format!("{}s", it.as_secs()))
}

/// A rule with half or twice its wait, and with each mutant of its expression.
pub(super) fn of(rule: &Value) -> Vec<Value> {
    let with = |field: &str, value: String| {
        let mut rule = rule.clone();
        rule[field] = json!(value);
        rule
    };
    let waits = rule["for"].as_str().map(half_and_double);
    let waits = waits.into_iter().flatten().map(|it| with("for", it));
    let expressions = expressions(rule["expr"].as_str().unwrap());
    let expressions = expressions.into_iter().map(|it| with("expr", it));
    waits.chain(expressions).collect()
}

/// The expression with one thing changed.
fn expressions(text: &str) -> Vec<String> {
    let mut mutants = Vec::new();
    let mut put = |at: usize, length: usize, new: &str| {
        let (before, after) = (&text[..at], &text[at + length..]);
        mutants.push(format!("{before}{new}{after}"));
    };
    limits(text, &mut put);
    ranges(text, &mut put);
    matchers(text, &mut put);
    operands(text, &mut put);
    mutants
}

/// What replaces how many bytes at a place.
type Put<'a> = dyn FnMut(usize, usize, &str) + 'a;

/// Comparisons with a number: negated, or with a lower and a higher one.
fn limits(text: &str, put: &mut Put<'_>) {
    for operator in [" == ", " > ", " >= "] {
        for (at, _) in text.match_indices(operator) {
            let rest = &text[at + operator.len()..];
            let digits = rest.len()
                - rest
                    .trim_start_matches(|it: char| it.is_ascii_digit())
                    .len();
            // Else it is compared with a series.
            let Ok(limit) = rest[..digits].parse::<f64>() else {
                continue;
            };
            let length = operator.len() + digits;
            if operator == " == " {
                put(at, length, &format!(" != {limit}"));
                continue;
            }
            let lower = if limit == 0.0 {
                " >= 0".to_owned()
            } else {
                format!("{operator}{}", limit / 2.0)
            };
            put(at, length, &lower);
            put(at, length, &format!("{operator}{}", 2.0 * (limit + 1.0)));
        }
    }
}

/// Half of each range and twice as much.
fn ranges(text: &str, put: &mut Put<'_>) {
    for (at, _) in text.match_indices('[') {
        let range = text[at + 1..].split(']').next().unwrap();
        for other in half_and_double(range) {
            put(at + 1, range.len(), &other);
        }
    }
}

/// Without one of the labels that series must have, or one of the values that it may have.
fn matchers(text: &str, put: &mut Put<'_>) {
    for (at, _) in text.match_indices('{') {
        let inner = text[at + 1..].split('}').next().unwrap();
        let all: Vec<&str> = inner.split(", ").collect();
        for (index, matcher) in all.iter().enumerate() {
            let mut less = all.clone();
            less.remove(index);
            put(at + 1, inner.len(), &less.join(", "));
            let Some((label, values)) = matcher.split_once("=~") else {
                continue;
            };
            let values: Vec<&str> = values.trim_matches('"').split('|').collect();
            for index in 0..values.len() {
                let mut fewer = values.clone();
                fewer.remove(index);
                let other = format!("{label}=~\"{}\"", fewer.join("|"));
                put(at + 1, inner.len(), &inner.replace(matcher, &other));
            }
        }
    }
}

/// Without one of the sets that are joined.
fn operands(text: &str, put: &mut Put<'_>) {
    let mut begins: Vec<usize> = [" and on ", " unless on ", " or "]
        .iter()
        .flat_map(|it| text.match_indices(it))
        .map(|(at, _)| at)
        .collect();
    begins.sort_unstable();
    if let Some(first) = begins.first()
        && text[*first..].starts_with(" or ")
    {
        put(0, first + " or ".len(), "");
    }
    for (index, begin) in begins.iter().enumerate() {
        let end = begins.get(index + 1).unwrap_or(&text.len()).to_owned();
        put(*begin, end - begin, "");
    }
}

#[test]
fn each_part_is_changed() {
    for (expression, mutants) in [
        ("up == 0", &["up != 0"][..]),
        (
            "rate(a[5m]) > 2",
            &[
                "rate(a[5m]) > 1",
                "rate(a[5m]) > 6",
                "rate(a[150s]) > 2",
                "rate(a[600s]) > 2",
            ],
        ),
        ("a > 0", &["a >= 0", "a > 2"]),
        ("a >= 10", &["a >= 5", "a >= 22"]),
        (
            r#"a{b="c", d=~"e|f"}"#,
            &[
                r#"a{d=~"e|f"}"#,
                r#"a{b="c"}"#,
                r#"a{b="c", d=~"f"}"#,
                r#"a{b="c", d=~"e"}"#,
            ],
        ),
        ("a and on (x) b", &["a"]),
        (
            "a unless on (x) b and on (x) c",
            &["a and on (x) c", "a unless on (x) b"],
        ),
        ("a or b", &["b", "a"]),
    ] {
        assert_eq!(expressions(expression), mutants, "{expression}");
    }
    let rule = json!({ "expr": "a", "for": "1m" });
    let waits = of(&rule);
    let waits: Vec<&Value> = waits.iter().map(|it| &it["for"]).collect();
    assert_eq!(waits, ["30s", "120s"]);
}
