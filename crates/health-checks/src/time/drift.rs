//! What a drift means, and how it reads.
//!
//! Pure. Finding it is in `consensus`; whom to ask, in `ntp` and `peers`.

use std::time::Duration;

use health_core::{Outcome, Status};

use super::consensus::{Agreement, Dissent};
use crate::invalid::InvalidCheck;
use crate::limits::Limits;
use crate::span::Span;

/// Milliseconds. Protocols that order events by clocks commonly bear a tenth of a second; half
/// of one is what `CockroachDB` bears by default, the strictest of the well-known stores.
pub(super) const LIMITS: Limits = Limits::rising(100.0, 500.0);
/// A day: more is no limit.
const MOST_MS: f64 = 86_400_000.0;
/// How many of the outvoted are named.
const NAMED: usize = 8;

/// Other limits.
pub(super) fn limits(
    check: &'static str,
    degraded: Duration,
    unhealthy: Duration,
) -> Result<Limits, InvalidCheck> {
    let ms = |limit: Duration| limit.as_secs_f64() * 1000.0;
    LIMITS
        .set(check, ms(degraded), ms(unhealthy), 0.001..=MOST_MS)
        .map_err(|_| {
            InvalidCheck::new(
                check,
                format!(
                    "cannot be degraded from {degraded:?} and unhealthy from {unhealthy:?} of drift; \
                     give degraded <= unhealthy, both from 1 µs to a day"
                ),
            )
        })
}

/// How far clocks may be from each other and still agree: as far as ours may be from them.
pub(super) fn tolerance_ms(limits: Limits) -> f64 {
    limits.judge(0.0).1
}

/// What it means that `count` `others` (servers, peers) agree.
pub(super) fn outcome(
    limits: Limits,
    agreement: &Agreement,
    count: usize,
    others: &str,
) -> Outcome {
    let drift = agreement.drift_ms;
    let (status, limit) = limits.judge(drift.abs());
    let side = if drift < 0.0 { "behind" } else { "ahead of" };
    let mut message = format!(
        "clock {} {side} the median of {count} {others}, limit {}",
        Span::of_ms(drift.abs()),
        Span::of_ms(limit)
    );
    let mut outvoted: Vec<String> = Vec::new();
    for reading in agreement.outvoted.iter().take(NAMED) {
        let side = if reading.offset_ms < 0.0 {
            "behind"
        } else {
            "ahead"
        };
        let far = Span::of_ms(reading.offset_ms.abs());
        outvoted.push(format!("{} ({far} {side})", reading.source));
    }
    if !outvoted.is_empty() {
        message = format!("{message}; outvoted: {}", outvoted.join(", "));
    }
    let outcome = Outcome::new(status, message)
        .detail("drift_ms", micro(drift))
        .detail("uncertainty_ms", micro(agreement.uncertainty_ms));
    if outvoted.is_empty() {
        outcome
    } else {
        outcome.detail("outvoted", agreement.outvoted.len())
    }
}

/// What it means that they do not.
pub(super) fn dissent(dissent: Dissent, count: usize, minimum: usize, others: &str) -> Outcome {
    Outcome::new(
        Status::Unhealthy,
        match dissent {
            Dissent::Few => format!("clock not checked: {count} {others} of at least {minimum}"),
            Dissent::Split { spread_ms } => format!(
                "clock not checked: {count} {others} differ by up to {}, and most do not agree; \
                 ask more of them",
                Span::of_ms(spread_ms)
            ),
        },
    )
}

/// Milliseconds with three decimals.
pub(super) fn micro(ms: f64) -> f64 {
    // The addend makes a negative zero a positive one.
    (ms * 1000.0).round() / 1000.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::consensus::Reading;

    fn agreement(drift_ms: f64, outvoted: &[(&str, f64)]) -> Agreement {
        let reading = |(source, offset_ms): &(&str, f64)| Reading {
            source: (*source).to_owned(),
            offset_ms: *offset_ms,
            uncertainty_ms: 1.0,
        };
        Agreement {
            drift_ms,
            uncertainty_ms: 1.5,
            outvoted: outvoted.iter().map(reading).collect(),
        }
    }

    #[test]
    fn what_a_person_reads() {
        use Status::{Degraded, Healthy, Unhealthy};
        for (drift, outvoted, status, message) in [
            (
                0.0,
                &[][..],
                Healthy,
                "clock 0 ms ahead of the median of 3 servers, limit 100 ms",
            ),
            (
                -99.94,
                &[],
                Healthy,
                "clock 99.9 ms behind the median of 3 servers, limit 100 ms",
            ),
            (
                100.0,
                &[],
                Degraded,
                "clock 100 ms ahead of the median of 3 servers, limit 100 ms",
            ),
            (
                -499.9,
                &[],
                Degraded,
                "clock 499.9 ms behind the median of 3 servers, limit 100 ms",
            ),
            (
                500.0,
                &[],
                Unhealthy,
                "clock 500 ms ahead of the median of 3 servers, limit 500 ms",
            ),
            (
                -7_200_000.0,
                &[],
                Unhealthy,
                "clock 7200 s behind the median of 3 servers, limit 500 ms",
            ),
            (
                1.0,
                &[("a", 7_200_000.0), ("b", -250.0)],
                Healthy,
                "clock 1 ms ahead of the median of 3 servers, limit 100 ms; outvoted: a (7200 s ahead), b (250 ms behind)",
            ),
        ] {
            let outcome = outcome(LIMITS, &agreement(drift, outvoted), 3, "servers");
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["drift_ms"], drift);
            assert_eq!(outcome.details()["uncertainty_ms"], 1.5);
            assert_eq!(
                outcome.details().contains_key("outvoted"),
                !outvoted.is_empty()
            );
        }
    }

    #[test]
    fn nothing_known_is_unhealthy() {
        for (because, message) in [
            (Dissent::Few, "clock not checked: 2 peers of at least 3"),
            (
                Dissent::Split {
                    spread_ms: 7_200_000.0,
                },
                "clock not checked: 2 peers differ by up to 7200 s, and most do not agree; ask more of them",
            ),
        ] {
            let outcome = dissent(because, 2, 3, "peers");
            assert_eq!(outcome.status(), Status::Unhealthy);
            assert_eq!(outcome.message(), message);
        }
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        let ms = Duration::from_millis;
        for (degraded, unhealthy, good) in [
            (ms(1), ms(1), true),
            (ms(50), ms(86_400_000), true),
            (ms(2), ms(1), false),
            (ms(0), ms(1), false),
            (ms(1), Duration::MAX, false),
        ] {
            assert_eq!(
                limits("x", degraded, unhealthy).is_ok(),
                good,
                "{degraded:?}"
            );
        }
        let refused = limits("x", ms(2), ms(1)).unwrap_err().to_string();
        assert!(
            refused.contains("from 2ms and unhealthy from 1ms"),
            "{refused}"
        );
    }
}
