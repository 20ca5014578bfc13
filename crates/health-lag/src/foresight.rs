//! Whether a breach of the critical limit is predicted: asked where it may be, and not more often. A fold.
//!
//! It forecasts nothing; see `estimate`.

use std::time::Duration;

use crate::history::nanoseconds;
use crate::rulebook::Rulebook;

/// A lag below this part of the critical limit is no breach in the making.
const LEAST_PART: u64 = 20;
/// What comes is not asked more often than this, in nanoseconds.
const LOOK: u64 = 200_000_000;
/// The growth since it was asked last may be so many times less than the forecast's.
const GENEROUS: f64 = 4.0;

/// Whether a breach is predicted, and when and at which lag that was asked last, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Foresight {
    pub(crate) predicted: bool,
    asked: Option<u64>,
    lag: u64,
}

impl Foresight {
    /// Takes the lag at a time, both in nanoseconds; `crosses` is asked whether the critical limit will
    /// likely be reached within a time.
    pub(crate) fn observe(
        &mut self,
        at: u64,
        lag: u64,
        book: &Rulebook,
        crosses: impl FnOnce(Duration) -> bool,
    ) {
        let Some(within) = book.policy.prediction else {
            return;
        };
        let critical = nanoseconds(book.limits.critical);
        if lag >= critical || (!self.predicted && lag < critical / LEAST_PART) {
            self.predicted = false;
            return;
        }
        let Some(asked) = self.asked else {
            self.asked = Some(at);
            self.lag = lag;
            return;
        };
        let passed = at.saturating_sub(asked);
        if passed < LOOK {
            return;
        }
        // What grows by far too slowly breaches nothing; the estimator need not be asked.
        let grown = float(lag.saturating_sub(self.lag)) * within.as_secs_f64() * GENEROUS * 1e9;
        let missing = float(critical.saturating_sub(lag)) * float(passed);
        let may = self.predicted || grown >= missing;
        self.asked = Some(at);
        self.lag = lag;
        self.predicted = may && crosses(within);
    }
}

#[expect(clippy::cast_precision_loss, reason = "to compare growths, roughly")]
fn float(nanoseconds: u64) -> f64 {
    nanoseconds as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::LagPolicy;

    const IN_20_S: Option<Duration> = Some(Duration::from_secs(20));

    /// Of lags one second apart: at which it was asked, and whether it was predicted at the end.
    fn asked(lags: &[f64], crossing: Option<Duration>) -> (Vec<usize>, bool) {
        let book = Rulebook::new(LagPolicy::default());
        let mut foresight = Foresight::default();
        let mut asked = Vec::new();
        for (second, lag) in lags.iter().enumerate() {
            let at = nanoseconds(Duration::from_secs(100 + second as u64));
            let lag = nanoseconds(Duration::from_secs_f64(*lag));
            foresight.observe(at, lag, &book, |within| {
                asked.push(second);
                crossing.is_some_and(|likely| likely <= within)
            });
        }
        (asked, foresight.predicted)
    }

    #[test]
    fn it_is_asked_where_a_breach_may_come() {
        for (case, lags, expected, predicted) in [
            ("small", vec![0.1, 0.5, 1.0, 1.4], vec![], false),
            ("growing", vec![2.0, 3.0, 4.0], vec![1, 2], true),
            ("far too slowly", vec![2.0, 2.01, 2.02], vec![], false),
            ("shrinking", vec![20.0, 19.0, 18.0], vec![], false),
            (
                "predicted before",
                vec![2.0, 3.0, 3.0, 2.9],
                vec![1, 2, 3],
                true,
            ),
            ("there already", vec![28.0, 29.5, 30.0], vec![1], false),
            ("small again", vec![2.0, 3.0, 0.2], vec![1, 2], true),
        ] {
            assert_eq!(asked(&lags, IN_20_S), (expected, predicted), "{case}");
        }
    }

    #[test]
    fn only_what_is_likely_within_the_time_is_predicted() {
        for crossing in [Some(Duration::from_secs(61)), None] {
            assert!(!asked(&[2.0, 3.0, 4.0], crossing).1, "{crossing:?}");
        }
    }
}
