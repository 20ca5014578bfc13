//! How a follower stands: its level with hysteresis, and what else is wrong. A pure fold.
//!
//! It works out no lag and raises no alert; time is an argument.

use std::time::Duration;

use serde::Serialize;

use crate::condition::{Condition, Conditions};
use crate::history::nanoseconds;
use crate::lag::Lag;
use crate::level::Level;
use crate::policy::Limits;
use crate::statistics::NONE;

/// So many intervals without progress, or without a sample, are long.
const INTERVALS: u64 = 3;
/// What is taken for the interval before it is known, in nanoseconds.
const UNKNOWN_INTERVAL: u64 = 10_000_000_000;
/// So many samples after a reset are new evidence.
const EVIDENCE: u8 = 3;

/// A level and what is wrong apart from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// How bad the lag is.
    pub level: Level,
    /// What else is wrong.
    pub conditions: Conditions,
}

/// What a sample says of a follower.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Duration,
    pub(crate) lag: Lag,
    /// Where it is; moves of up to `tolerance` are none.
    pub(crate) applied: u64,
    pub(crate) tolerance: u64,
    /// The leader has more than it.
    pub(crate) behind: bool,
    /// It has more than the leader.
    pub(crate) ahead: bool,
    /// Nothing that was known before counts any more.
    pub(crate) reset: bool,
}

/// How long is too long, by the interval between samples; in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Nothing heard for this long is no data.
    silence: u64,
    /// Behind and without progress for this long is stalled.
    stalled: u64,
    /// A sample is overdue after this; `None` before the interval is known.
    overdue: Option<u64>,
}

impl Patience {
    pub(crate) fn new(limits: &Limits, interval: Option<Duration>) -> Self {
        let interval = interval.map(nanoseconds);
        let several = |interval: u64| interval.saturating_mul(INTERVALS);
        let silence = several(interval.unwrap_or(UNKNOWN_INTERVAL));
        Self {
            silence: limits.silence.max(silence),
            stalled: limits.stalled.max(several(interval.unwrap_or(0))),
            overdue: interval.map(|interval| interval.saturating_mul(2)),
        }
    }
}

/// How one follower stands. Times are in nanoseconds, of which there is less to keep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judge {
    standing: Standing,
    /// Since when it stands so.
    since: u64,
    /// When it was heard last, or when waiting for it began.
    heard: u64,
    /// Behind and without progress since; [`NONE`] if it is not.
    quiet: u64,
    applied: u64,
    /// Samples since the last reset, as far as they matter; `None` before the first of all.
    fresh: Option<u8>,
    /// How much of the time in which nobody could look was forgiven it, in milliseconds.
    forgiven: u32,
}

impl Judge {
    /// Waits for a first sample from `now` on.
    pub(crate) fn new(now: Duration) -> Self {
        let now = nanoseconds(now);
        Self {
            standing: Standing::default(),
            since: now,
            heard: now,
            quiet: NONE,
            applied: 0,
            fresh: None,
            forgiven: 0,
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    pub(crate) fn since(&self) -> Duration {
        Duration::from_nanos(self.since)
    }

    /// When it was heard last, or when waiting for it began.
    pub(crate) fn heard(&self) -> Duration {
        Duration::from_nanos(self.heard)
    }

    /// Since when it is behind without progress.
    pub(crate) fn quiet(&self) -> Option<Duration> {
        (self.quiet != NONE).then(|| Duration::from_nanos(self.quiet))
    }

    /// Takes a sample.
    pub(crate) fn seen(&mut self, seen: &Seen, limits: &Limits, patience: &Patience) {
        let at = nanoseconds(seen.at);
        let first = seen.reset || self.fresh.is_none();
        self.follow(seen, at, first);
        self.fresh = Some(match self.fresh {
            Some(count) if !first => count.saturating_add(1).min(EVIDENCE),
            _ => 0,
        });
        self.heard = at;

        let before = self.standing;
        let lag = nanoseconds(seen.lag.duration());
        let is_exact = matches!(seen.lag, Lag::Exact(_));
        let mut conditions = before.conditions.without(Condition::NoData);
        let level = if seen.reset {
            conditions = conditions.with(Condition::Reset);
            limits.reached(lag)
        } else {
            // Of one that is ahead no lag is known, so that nothing proves it better.
            level(before.level, lag, is_exact && !seen.ahead, limits)
        };
        if self.fresh >= Some(EVIDENCE) && !seen.ahead && is_exact {
            conditions = conditions.without(Condition::Reset);
        }
        let stalled = at.saturating_sub(self.quiet) >= patience.stalled;
        conditions = conditions.set(Condition::Stalled, stalled);
        conditions = conditions.set(Condition::FollowerAhead, seen.ahead);
        self.stand(Standing { level, conditions }, at);
    }

    /// Follows its progress.
    fn follow(&mut self, seen: &Seen, at: u64, first: bool) {
        let moved = first || seen.applied > self.applied.saturating_add(seen.tolerance);
        if moved || seen.applied < self.applied {
            self.applied = seen.applied;
        }
        self.quiet = match (seen.behind, moved) {
            (false, _) => NONE,
            (true, true) => at,
            // Caught up before, it is behind from now on.
            (true, false) => self.quiet.min(at),
        };
    }

    /// Of the time until `now`, the process could not run for so many milliseconds in all: what was
    /// added since it was told last is neither silence nor a lack of progress.
    pub(crate) fn forgive(&mut self, missed: u32, now: Duration) {
        let added = missed.wrapping_sub(self.forgiven);
        if added == 0 {
            return;
        }
        self.forgiven = missed;
        let (added, now) = (u64::from(added) * 1_000_000, nanoseconds(now));
        // No time is later than `NONE`: who is not quiet stays so.
        for since in [&mut self.heard, &mut self.quiet] {
            *since = since.saturating_add(added).min(now.max(*since));
        }
    }

    /// Takes note that time has passed without a sample.
    pub(crate) fn advance(&mut self, now: Duration, patience: &Patience) {
        let now = nanoseconds(now);
        let mut standing = self.standing;
        if now >= self.silent_at(patience) {
            standing.conditions = standing.conditions.with(Condition::NoData);
        } else if self.stalled_at(patience).is_some_and(|due| now >= due) {
            standing.conditions = standing.conditions.with(Condition::Stalled);
        }
        self.stand(standing, now);
    }

    /// When time alone changes how it stands, unless a sample comes before; in nanoseconds, [`NONE`]
    /// if it does not.
    pub(crate) fn due(&self, patience: &Patience) -> u64 {
        let has = |condition| self.standing.conditions.has(condition);
        if has(Condition::NoData) {
            return NONE;
        }
        let silent = self.silent_at(patience);
        let stalled = self.stalled_at(patience);
        let stalled = stalled.filter(|_| !has(Condition::Stalled));
        stalled.map_or(silent, |stalled| stalled.min(silent))
    }

    fn silent_at(&self, patience: &Patience) -> u64 {
        self.heard.saturating_add(patience.silence)
    }

    /// When it would be stalled; `None` if its samples would be overdue by then, for then nothing
    /// is known of its progress.
    fn stalled_at(&self, patience: &Patience) -> Option<u64> {
        if self.quiet == NONE {
            return None;
        }
        let due = self.quiet.saturating_add(patience.stalled);
        let overdue = self.heard.saturating_add(patience.overdue?);
        (due <= overdue).then_some(due)
    }

    fn stand(&mut self, standing: Standing, now: u64) {
        if standing != self.standing {
            self.standing = standing;
            self.since = now;
        }
    }
}

fn level(before: Level, lag: u64, is_exact: bool, limits: &Limits) -> Level {
    let reached = limits.reached(lag);
    if is_exact {
        before.max(reached).min(limits.kept(lag).max(reached))
    } else {
        // What is known to be the least proves nothing better.
        before.max(reached)
    }
}

#[cfg(test)]
#[allow(
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "small numbers in tables"
)]
mod tests {
    use super::*;
    use crate::policy::LagPolicy;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn limits() -> Limits {
        LagPolicy::default().limits()
    }

    fn patience(interval: Option<Duration>) -> Patience {
        Patience::new(&limits(), interval)
    }

    fn due(judge: &Judge, interval: Option<Duration>) -> Option<Duration> {
        let due = judge.due(&patience(interval));
        (due != NONE).then(|| Duration::from_nanos(due))
    }

    fn seen(seconds: f64, leader: u64, applied: u64, lag: Lag) -> Seen {
        Seen {
            at: at(seconds),
            lag,
            applied,
            tolerance: 0,
            behind: leader > applied,
            ahead: applied > leader,
            reset: false,
        }
    }

    fn names(judge: &Judge) -> String {
        let names: Vec<_> = judge
            .standing()
            .conditions
            .iter()
            .map(Condition::name)
            .collect();
        names.join("|")
    }

    /// Seconds, leader, applied.
    type Samples = Vec<(f64, u64, u64)>;

    /// Samples, each with a lag of 1 s if it is behind.
    fn told(samples: &[(f64, u64, u64)], interval: Option<Duration>) -> Judge {
        let mut judge = Judge::new(Duration::ZERO);
        for (seconds, leader, applied) in samples {
            let lag = Lag::Exact(if leader > applied {
                SECOND
            } else {
                Duration::ZERO
            });
            let sample = seen(*seconds, *leader, *applied, lag);
            judge.seen(&sample, &limits(), &patience(interval));
        }
        judge
    }

    #[test]
    fn levels_rise_at_once_and_fall_below_their_limit() {
        use Lag::{AtLeast, Exact};
        use Level::{Critical, Normal, Warning};
        let mut judge = Judge::new(Duration::ZERO);
        for (number, (lag, expected)) in (0_u32..).zip([
            (Exact(at(0.0)), Normal),
            (Exact(at(4.9)), Normal),
            (Exact(at(5.0)), Warning),
            (Exact(at(4.6)), Warning),
            (Exact(at(4.4)), Normal),
            (Exact(at(30.0)), Critical),
            (Exact(at(28.0)), Critical),
            (Exact(at(26.9)), Warning),
            (AtLeast(at(31.0)), Critical),
            // That it is at least so much does not say that it is better.
            (AtLeast(at(3.0)), Critical),
            (Exact(at(3.0)), Normal),
            (AtLeast(at(6.0)), Warning),
        ]) {
            let sample = seen(f64::from(number), 2, 1, lag);
            judge.seen(&sample, &limits(), &patience(Some(SECOND)));
            assert_eq!(judge.standing().level, expected, "{lag:?}");
        }
    }

    #[test]
    fn stalled_is_behind_and_not_advancing() {
        let quiet = |from: u32, to: u32| (from..=to).map(|n| (f64::from(n), 1_000, 5));
        let cases: &[(&str, Samples, &str)] = &[
            ("the first sample", vec![(0.0, 101, 0)], ""),
            (
                "for 9 s",
                [(0.0, 10, 5)].into_iter().chain(quiet(1, 9)).collect(),
                "",
            ),
            (
                "for 10 s",
                [(0.0, 10, 5)].into_iter().chain(quiet(1, 10)).collect(),
                "stalled",
            ),
            (
                "a steady 500 in flight",
                (0..60)
                    .map(|n| (n as f64, 10_000 * n + 500, 10_000 * n))
                    .collect(),
                "",
            ),
            (
                "frozen after a catch-up",
                (0..5)
                    .map(|n| (n as f64, 1_000, 200 * n))
                    .chain((5..30).map(|n| (n as f64, 1_000 + n, 1_000)))
                    .collect(),
                "stalled",
            ),
            (
                "idle and caught up",
                (0..60).map(|n| (n as f64, 7, 7)).collect(),
                "",
            ),
            (
                "behind only since 55 s, while idle before",
                (0..60)
                    .map(|n| (n as f64, if n < 55 { 7 } else { 9 }, 7))
                    .collect(),
                "",
            ),
            (
                "one step every 9 s",
                (0..60).map(|n| (n as f64, 1_000, n / 9)).collect(),
                "",
            ),
            (
                "going on again",
                quiet(0, 20).chain([(21.0, 1_000, 6)]).collect(),
                "",
            ),
        ];
        for (case, samples, expected) in cases {
            assert_eq!(names(&told(samples, Some(SECOND))), *expected, "{case}");
        }
    }

    #[test]
    fn three_slow_intervals_are_longer_than_ten_seconds() {
        let samples: Vec<_> = (0..=5).map(|n| (n as f64 * 5.0, 100, 1)).collect();
        let five = Some(at(5.0));
        assert_eq!(names(&told(&samples[..3], five)), "", "10 s");
        assert_eq!(names(&told(&samples[..4], five)), "stalled", "15 s");
    }

    #[test]
    fn time_alone_finds_a_stall_while_samples_are_in_time() {
        let three = Some(at(3.0));
        let samples = [(0.0, 100, 1), (3.0, 100, 1), (6.0, 100, 1), (9.0, 100, 1)];
        let mut judge = told(&samples, three);
        assert_eq!(due(&judge, three), Some(at(10.0)));
        judge.advance(at(9.9), &patience(three));
        assert_eq!(names(&judge), "");
        judge.advance(at(10.0), &patience(three));
        assert_eq!(names(&judge), "stalled");
        assert_eq!(judge.since(), at(10.0));
        assert_eq!(due(&judge, three), Some(at(19.0)), "then silence");
    }

    #[test]
    fn a_silent_follower_has_no_data_and_is_not_called_stalled() {
        let mut judge = told(&[(0.0, 100, 1), (1.0, 100, 2)], Some(SECOND));
        assert_eq!(due(&judge, Some(SECOND)), Some(at(11.0)));
        judge.advance(at(10.9), &patience(Some(SECOND)));
        assert_eq!(names(&judge), "");
        judge.advance(at(11.0), &patience(Some(SECOND)));
        assert_eq!(names(&judge), "no_data");
        assert_eq!(due(&judge, Some(SECOND)), None);
        let sample = seen(12.0, 100, 3, Lag::Exact(SECOND));
        judge.seen(&sample, &limits(), &patience(Some(SECOND)));
        assert_eq!(names(&judge), "", "heard again");
    }

    #[test]
    fn time_in_which_the_process_could_not_run_is_no_silence_and_no_stall() {
        let patience = patience(Some(SECOND));
        // Behind since 4 s; what is forgiven then, at which time; and when it would be silent.
        for (missed, now, silent) in [
            (0, 5.0, 15.0),
            (60_000, 65.5, 75.0),
            // It was heard within what was missed: never later than now.
            (60_000, 64.0, 74.0),
            (u32::MAX, 4_294_973.0, 4_294_982.295),
        ] {
            let samples = [(3.0, 100, 1), (4.0, 100, 1), (5.0, 100, 1)];
            let mut judge = told(&samples, Some(SECOND));
            for _ in 0..2 {
                judge.forgive(missed, at(now));
                let silent_at = Duration::from_nanos(judge.silent_at(&patience));
                assert_eq!(silent_at, at(silent), "{missed}");
            }
            judge.advance(at(now), &patience);
            assert_eq!(names(&judge), "", "{missed}");
            let sample = seen(now + 0.5, 100, 1, Lag::Exact(SECOND));
            judge.seen(&sample, &limits(), &patience);
            assert_eq!(names(&judge), "", "{missed}");
            judge.advance(at(now + 60.0), &patience);
            assert_eq!(names(&judge), "no_data", "{missed}");
        }
        // What is forgiven wraps, and each part of it counts once.
        let mut judge = Judge::new(Duration::ZERO);
        for (missed, now, heard) in [
            (u32::MAX - 999, 1e7, 4_294_966.296),
            (u32::MAX, 2e7, 4_294_967.295),
            (999, 3e7, 4_294_968.295),
        ] {
            judge.forgive(missed, at(now));
            assert_eq!(judge.heard(), at(heard), "{missed}");
        }
    }

    #[test]
    fn silence_before_the_first_and_the_second_sample() {
        let mut judge = Judge::new(at(5.0));
        judge.advance(at(34.9), &patience(None));
        assert_eq!(names(&judge), "");
        judge.advance(at(35.0), &patience(None));
        assert_eq!(names(&judge), "no_data");
        judge.seen(
            &seen(40.0, 1, 1, Lag::Exact(Duration::ZERO)),
            &limits(),
            &patience(None),
        );
        assert_eq!(names(&judge), "");
        assert_eq!(due(&judge, None), Some(at(70.0)));
    }

    #[test]
    fn ahead_of_the_leader_is_said_at_once_and_taken_back() {
        assert_eq!(names(&told(&[(0.0, 100, 101)], None)), "follower_ahead");
        let samples = [(0.0, 100, 101), (1.0, 120, 119)];
        assert_eq!(names(&told(&samples, Some(SECOND))), "");
    }

    #[test]
    fn ahead_of_the_leader_is_no_recovery() {
        use Level::{Critical, Normal};
        let mut judge = Judge::new(Duration::ZERO);
        for (seconds, applied, lag, expected) in [
            (0.0, 50, at(40.0), Critical),
            (1.0, 101, Duration::ZERO, Critical),
            (2.0, 100, Duration::ZERO, Normal),
            (3.0, 101, Duration::ZERO, Normal),
        ] {
            let sample = seen(seconds, 100, applied, Lag::Exact(lag));
            judge.seen(&sample, &limits(), &patience(Some(SECOND)));
            assert_eq!(judge.standing().level, expected, "{seconds}");
        }
    }

    #[test]
    fn a_reset_lasts_until_there_is_new_evidence() {
        let mut judge = told(&[(0.0, 100, 50), (1.0, 110, 60)], Some(SECOND));
        let reset = Seen {
            reset: true,
            ..seen(2.0, 5, 4, Lag::AtLeast(Duration::ZERO))
        };
        judge.seen(&reset, &limits(), &patience(Some(SECOND)));
        assert_eq!(names(&judge), "reset");
        for (seconds, lag, expected) in [
            (3.0, Lag::AtLeast(SECOND), "reset"),
            (4.0, Lag::AtLeast(SECOND), "reset"),
            (5.0, Lag::AtLeast(SECOND), "reset"),
            (6.0, Lag::Exact(SECOND), ""),
        ] {
            let sample = seen(seconds, seconds as u64 * 10, seconds as u64 * 9, lag);
            judge.seen(&sample, &limits(), &patience(Some(SECOND)));
            assert_eq!(names(&judge), expected, "{seconds}");
        }
    }

    #[test]
    fn a_reset_voids_the_level_and_the_stall() {
        let samples: Vec<_> = (0..20).map(|n| (n as f64, 1_000, 1)).collect();
        let mut judge = told(&samples, Some(SECOND));
        judge.seen(
            &seen(20.0, 1_000, 1, Lag::Exact(at(40.0))),
            &limits(),
            &patience(None),
        );
        assert_eq!(judge.standing().level, Level::Critical);
        let reset = Seen {
            reset: true,
            ..seen(21.0, 5, 1, Lag::AtLeast(Duration::ZERO))
        };
        judge.seen(&reset, &limits(), &patience(Some(SECOND)));
        assert_eq!(judge.standing().level, Level::Normal);
        assert_eq!(names(&judge), "reset");
    }

    #[test]
    fn moves_within_the_tolerance_are_none() {
        let mut judge = Judge::new(Duration::ZERO);
        for second in 0..12_u32 {
            let sample = Seen {
                tolerance: 10,
                ..seen(
                    f64::from(second),
                    1_000,
                    u64::from(second % 7),
                    Lag::Exact(SECOND),
                )
            };
            judge.seen(&sample, &limits(), &patience(Some(SECOND)));
        }
        assert_eq!(names(&judge), "stalled");
    }
}
