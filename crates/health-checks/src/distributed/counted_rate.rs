//! The rate of failures, from two counters that only rise. Pure.

use crate::limits::figure;

/// How many attempts show a rate.
const ENOUGH: u64 = 10;

/// Follows the counters from run to run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CountedRate {
    /// Where the attempts begin that are not rated yet; `None` before the first run.
    base: Option<(u64, u64)>,
    attempts: u64,
    rate: Option<f64>,
}

impl CountedRate {
    /// The share of failures among the last attempts, 0 to 1: those since the last
    /// time that there were 10. `None` while nothing was attempted.
    pub(super) fn observe(&mut self, attempts: u64, failures: u64) -> Option<f64> {
        let idle = attempts == self.attempts;
        self.attempts = attempts;
        let (since, failed) = match self.base {
            Some((base, failed)) if base <= attempts && failed <= failures => {
                (attempts - base, failures - failed)
            }
            // The first run, or the counters began anew.
            _ => {
                self.base = Some((attempts, failures));
                self.rate = None;
                return None;
            }
        };
        if since >= ENOUGH || failed > since {
            self.base = Some((attempts, failures));
            self.rate = Some((figure(failed) / figure(since.max(1))).min(1.0));
        } else if idle {
            self.rate = None;
        }
        self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rated_by_what_happened_since() {
        type Run = ((u64, u64), Option<f64>);
        let tables: [(&str, &[Run]); 7] = [
            ("first", &[((1000, 1000), None)]),
            (
                "steady",
                &[((0, 0), None), ((10, 1), Some(0.1)), ((30, 1), Some(0.0))],
            ),
            (
                "few add up",
                &[((0, 0), None), ((6, 6), None), ((12, 12), Some(1.0))],
            ),
            (
                "few keep the last rate, none drops it",
                &[
                    ((0, 0), None),
                    ((10, 5), Some(0.5)),
                    ((12, 5), Some(0.5)),
                    ((12, 5), None),
                    ((20, 5), Some(0.0)),
                ],
            ),
            (
                "anew",
                &[
                    ((0, 0), None),
                    ((50, 5), Some(0.1)),
                    ((3, 0), None),
                    ((13, 10), Some(1.0)),
                ],
            ),
            (
                "more failures than attempts",
                &[((0, 0), None), ((0, 5), Some(1.0))],
            ),
            ("huge", &[((0, 0), None), ((u64::MAX, u64::MAX), Some(1.0))]),
        ];
        for (name, runs) in tables {
            let mut rate = CountedRate::default();
            for ((attempts, failures), expected) in runs {
                assert_eq!(rate.observe(*attempts, *failures), *expected, "{name}");
            }
        }
    }
}
