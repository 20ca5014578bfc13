//! What a check made of parts is, and what it says of them. Pure.

use std::error::Error;
use std::fmt;
use std::time::Instant;

use health_core::{Outcome, Status};
use serde_json::{Map, Value};

/// How many failing parts the message names.
const MOST_NAMED: usize = 5;
/// A longer message of a part is left out: cut, it could show half of what the
/// redaction takes out whole.
const LONGEST_MESSAGE: usize = 256;

/// What the whole is, if `needed` of `parts` must work.
///
/// Healthy if so many are healthy, degraded if so many are at least degraded, else
/// unhealthy. Needing all of them is the worst of them, needing one the best.
fn whole(needed: usize, parts: &(impl Iterator<Item = Status> + Clone)) -> Status {
    let at_worst = |status: Status| parts.clone().filter(|part| *part <= status).count();
    if at_worst(Status::Healthy) >= needed {
        Status::Healthy
    } else if at_worst(Status::Degraded) >= needed {
        Status::Degraded
    } else {
        Status::Unhealthy
    }
}

/// What is said of the whole, and of each part by its name.
pub(super) fn told(needed: usize, parts: Vec<(String, Outcome)>) -> Outcome {
    let status = whole(needed, &parts.iter().map(|(_, part)| part.status()));
    let failing: Vec<_> = parts
        .iter()
        .filter(|(_, part)| part.status() != Status::Healthy)
        .map(|(name, _)| name.as_str())
        .collect();
    let healthy = parts.len() - failing.len();
    let needs = match status {
        Status::Healthy => String::new(),
        Status::Degraded | Status::Unhealthy => format!(", {needed} needed"),
    };
    let message = format!(
        "{healthy} of {} parts healthy{needs}{}",
        parts.len(),
        named(&failing)
    );
    let measured = measured(&parts);
    let mut outcome = Outcome::new(status, message)
        .detail("parts", parts.len())
        .detail("healthy_parts", healthy)
        .detail("needed_parts", needed);
    for (name, part) in &parts {
        outcome = outcome.detail(format!("part:{name}"), shown(part));
    }
    if parts.iter().any(|(_, part)| part.error().is_some()) {
        outcome = outcome.with_error(PartErrors(parts));
    }
    match measured {
        Some(measured) => outcome.measured_at(measured),
        None => outcome,
    }
}

/// When the newest of the parts was measured; `None`: one was by this run.
fn measured(parts: &[(String, Outcome)]) -> Option<Instant> {
    let each = parts.iter().map(|(_, part)| part.measured());
    each.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The first of the failing parts, as the end of a message.
fn named(failing: &[&str]) -> String {
    let first: Vec<_> = failing.iter().copied().take(MOST_NAMED).collect();
    match failing.len() - first.len() {
        _ if first.is_empty() => String::new(),
        0 => format!("; failing: {}", first.join(", ")),
        more => format!("; failing: {} and {more} more", first.join(", ")),
    }
}

fn shown(part: &Outcome) -> Map<String, Value> {
    let message = match part.message() {
        long if long.len() > LONGEST_MESSAGE => "its message is too long to show here",
        message => message,
    };
    [
        ("status", part.status().as_str()),
        ("cause", part.cause().as_str()),
        ("message", message),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), Value::from(value)))
    .chain(
        part.details()
            .get("cached_ms")
            .map(|age| ("cached_ms".to_owned(), age.clone())),
    )
    .collect()
}

/// The private errors of the parts. They are printed only where the log wants them:
/// printing runs foreign code.
#[derive(Debug)]
struct PartErrors(Vec<(String, Outcome)>);

impl fmt::Display for PartErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self
            .0
            .iter()
            .filter_map(|(name, part)| Some((name, part.error()?)));
        for (number, (name, error)) in errors.enumerate() {
            let between = if number == 0 { "" } else { "; " };
            write!(f, "{between}{name}: {error}")?;
            let mut source = error.source();
            for _ in 0..8 {
                let Some(error) = source else { break };
                write!(f, ": {error}")?;
                source = error.source();
            }
        }
        Ok(())
    }
}

impl Error for PartErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_how_many_work() {
        use Status::{Degraded as D, Healthy as H, Unhealthy as U};
        for (parts, one, two, all) in [
            ([H, H, H], H, H, H),
            ([H, H, D], H, H, D),
            ([H, H, U], H, H, U),
            ([H, D, D], H, D, D),
            ([H, D, U], H, D, U),
            ([H, U, U], H, U, U),
            ([D, D, D], D, D, D),
            ([D, D, U], D, D, U),
            ([D, U, U], D, U, U),
            ([U, U, U], U, U, U),
        ] {
            for (needed, expected) in [(1, one), (2, two), (3, all)] {
                let by_order = [[0, 1, 2], [2, 0, 1], [1, 2, 0]]
                    .map(|order| whole(needed, &order.iter().map(|part| parts[*part])));
                assert_eq!(by_order, [expected; 3], "{needed} of {parts:?}");
            }
            assert_eq!(all, parts.into_iter().max().unwrap());
            assert_eq!(one, parts.into_iter().min().unwrap());
        }
    }

    #[test]
    fn what_a_person_reads() {
        let parts = |failing: usize, of: usize| {
            let part = |number: usize| {
                if number < failing {
                    Outcome::unhealthy("refused").with_error(format!("secret {number}"))
                } else {
                    Outcome::healthy()
                }
            };
            (0..of)
                .map(|n| (format!("p{n}"), part(n)))
                .collect::<Vec<_>>()
        };
        for (needed, failing, of, message) in [
            (1, 0, 1, "1 of 1 parts healthy"),
            (2, 1, 3, "2 of 3 parts healthy; failing: p0"),
            (3, 2, 3, "1 of 3 parts healthy, 3 needed; failing: p0, p1"),
            (
                1,
                8,
                9,
                "1 of 9 parts healthy; failing: p0, p1, p2, p3, p4 and 3 more",
            ),
        ] {
            let outcome = told(needed, parts(failing, of));
            assert_eq!(outcome.message(), message);
        }
        let outcome = told(3, parts(2, 3));
        let details = outcome.details();
        assert_eq!(details["healthy_parts"], 1);
        assert_eq!(details["part:p0"]["status"], "unhealthy");
        assert_eq!(details["part:p0"]["cause"], "reported");
        assert_eq!(details["part:p0"]["message"], "refused");
        assert_eq!(details["part:p2"]["status"], "healthy");
        let error = outcome.error().unwrap().to_string();
        assert_eq!(error, "p0: secret 0; p1: secret 1");
        assert!(!serde_json::to_string(details).unwrap().contains("secret"));
    }

    #[test]
    fn what_no_part_measured_anew_is_nothing_new() {
        let now = crate::clock::instant();
        let at = |seconds: u64| now + std::time::Duration::from_secs(seconds);
        let part = |measured: Option<u64>| match measured {
            Some(seconds) => Outcome::healthy().measured_at(at(seconds)),
            None => Outcome::healthy(),
        };
        for (parts, measured) in [
            ([Some(1), Some(2)], Some(2)),
            ([Some(1), None], None),
            ([None, None], None),
        ] {
            let parts = parts.map(|measured| ("p".to_owned(), part(measured)));
            assert_eq!(told(2, parts.into()).measured(), measured.map(at));
        }
        let again = Outcome::healthy().detail("cached_ms", 5).detail("n", 1);
        let outcome = told(1, vec![("p".into(), again)]);
        assert_eq!(outcome.details()["part:p"]["cached_ms"], 5);
        assert!(
            !outcome.details()["part:p"]
                .as_object()
                .unwrap()
                .contains_key("n")
        );
    }

    #[test]
    fn a_long_message_is_left_out_rather_than_cut() {
        let long = format!("{}postgres://u:hunter2@db", "x".repeat(240));
        let outcome = told(1, vec![("db".into(), Outcome::unhealthy(long))]);
        let shown = outcome.details()["part:db"]["message"].as_str().unwrap();
        assert_eq!(shown, "its message is too long to show here");
    }
}
