//! When a critical check has failed for long enough to end the node: a policy, and a fold.
//!
//! Pure: it neither listens, asks guards, nor begins anything.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use health_core::{CheckState, CheckStatus, Guard, Impact, Status};

/// After a veto the guards are asked again, at first after this, each time after twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// As good as for ever, and no sum with it overflows.
const MOST: Duration = Duration::from_hours(24 * 365);

/// What a confirmed failure leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Nothing; nobody listens.
    Off,
    /// The log says what would have happened, and it is counted.
    DryRun,
    /// A shutdown.
    Enforce,
}

/// When critical failures begin a shutdown: only after so many runs in a row, *and* for so
/// long, *and* after a grace at the start.
///
/// By default 3 runs, 30 s, a grace of 60 s, a jitter of up to 5 s, no guard. The jitter
/// keeps replicas that fail of one cause from going down at one moment.
///
/// A check whose [`shared_dependency`](health_core::Registration::shared_dependency) is set
/// never counts: it would take all replicas down at once.
#[derive(Clone)]
#[must_use = "hand it to `Shutdown::on_critical_failure`"]
pub struct CriticalPolicy {
    pub(crate) mode: Mode,
    pub(crate) after: u64,
    pub(crate) sustained: Duration,
    pub(crate) grace: Duration,
    pub(crate) jitter: Duration,
    pub(crate) guards: Vec<Arc<dyn Guard>>,
}

impl CriticalPolicy {
    /// In this mode, otherwise as by default.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            after: 3,
            sustained: Duration::from_secs(30),
            grace: Duration::from_mins(1),
            jitter: Duration::from_secs(5),
            guards: Vec::new(),
        }
    }

    /// Says in the log what it would do. Try this first.
    pub fn dry_run() -> Self {
        Self::new(Mode::DryRun)
    }

    /// Begins a shutdown.
    pub fn enforce() -> Self {
        Self::new(Mode::Enforce)
    }

    /// After this many unhealthy runs in a row (at least 1).
    pub fn after(mut self, runs: u32) -> Self {
        self.after = runs.max(1).into();
        self
    }

    /// After this long without a better result.
    pub fn sustained(mut self, time: Duration) -> Self {
        self.sustained = time;
        self
    }

    /// Not within this time after it was wired up.
    pub fn grace(mut self, time: Duration) -> Self {
        self.grace = time;
        self
    }

    /// Waits a random part of this before it begins.
    pub fn jitter(mut self, time: Duration) -> Self {
        self.jitter = time;
        self
    }

    /// Asks `guard` before it begins; each of several may veto.
    pub fn guard(mut self, guard: impl Guard) -> Self {
        self.guards.push(Arc::new(guard));
        self
    }
}

impl fmt::Debug for CriticalPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CriticalPolicy")
            .field("mode", &self.mode)
            .field("after", &self.after)
            .field("sustained", &self.sustained)
            .field("grace", &self.grace)
            .field("jitter", &self.jitter)
            .field("guards", &self.guards.len())
            .finish()
    }
}

/// What the fold needs to know of a check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) name: &'a str,
    /// It is critical, and fails.
    pub(crate) failing: bool,
    /// All replicas use it.
    pub(crate) shared: bool,
    /// It reports by itself; there are no runs to count.
    pub(crate) component: bool,
    /// How many runs in a row were unhealthy.
    pub(crate) runs: u64,
    pub(crate) message: &'a str,
}

impl<'a> Seen<'a> {
    pub(crate) fn of(check: &'a CheckState) -> Self {
        // Without evidence nothing is confirmed: unknown is no failure here.
        let failing = matches!(
            check.status,
            CheckStatus::Unhealthy | CheckStatus::Panicked | CheckStatus::Stopped
        );
        // A check that needs several good runs to recover shows unhealthy during the first of them.
        let failing = failing && (check.component || check.raw == Some(Status::Unhealthy));
        Self {
            name: check.name(),
            failing: failing && check.enabled && check.spec.impact == Impact::Critical,
            shared: check.spec.shared_dependency,
            component: check.component,
            runs: check.consecutive_failures,
            message: &check.message,
        }
    }
}

/// A critical check that has failed without a break.
#[derive(Clone, Debug)]
struct Streak {
    since: Instant,
    runs: u64,
    component: bool,
    message: String,
    shared: bool,
    /// Not to be confirmed before this.
    asleep_until: Option<Instant>,
    vetoes: u32,
    /// The jitter has been waited for, or is being.
    jittered: bool,
}

impl Streak {
    fn failure(&self, check: &str, now: Instant) -> Failure {
        Failure {
            check: check.to_owned(),
            runs: self.runs,
            lasted: now.saturating_duration_since(self.since),
            message: self.message.clone(),
        }
    }
}

/// A critical check that fails, and how long it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) check: String,
    pub(crate) runs: u64,
    pub(crate) lasted: Duration,
    pub(crate) message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            check,
            runs,
            lasted,
            message,
        } = self;
        let plural = if *runs == 1 { "" } else { "s" };
        write!(
            f,
            "critical check `{check}` unhealthy for {runs} run{plural} and {:.1} s: {message}",
            lasted.as_secs_f64()
        )
    }
}

/// What a result means for the trigger, where that is worth a line in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// A failure begins.
    Begins { check: String },
    /// A failure begins that never counts.
    Exempt { check: String },
    /// It got better before it was confirmed.
    Recovered(Failure),
}

/// The streaks of all critical checks.
#[derive(Debug)]
pub(crate) struct CriticalWatch {
    after: u64,
    sustained: Duration,
    from: Instant,
    streaks: BTreeMap<String, Streak>,
}

impl CriticalWatch {
    pub(crate) fn new(policy: &CriticalPolicy, now: Instant) -> Self {
        Self {
            after: policy.after,
            sustained: policy.sustained,
            from: now + policy.grace.min(MOST),
            streaks: BTreeMap::new(),
        }
    }

    /// Takes a check as it stands since its last result.
    pub(crate) fn see(&mut self, check: Seen<'_>, now: Instant) -> Option<Finding> {
        let name = check.name;
        if !check.failing {
            let streak = self.streaks.remove(name)?;
            return Some(Finding::Recovered(streak.failure(name, now)));
        }
        if let Some(streak) = self.streaks.get_mut(name) {
            streak.runs = check.runs;
            check.message.clone_into(&mut streak.message);
            return None;
        }
        let streak = Streak {
            since: now,
            runs: check.runs,
            component: check.component,
            message: check.message.to_owned(),
            shared: check.shared,
            asleep_until: None,
            vetoes: 0,
            jittered: false,
        };
        self.streaks.insert(name.to_owned(), streak);
        let check = name.to_owned();
        Some(if self.streaks.get(name)?.shared {
            Finding::Exempt { check }
        } else {
            Finding::Begins { check }
        })
    }

    /// Forgets whoever is not there any more.
    pub(crate) fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.streaks.retain(|name, _| is_there(name));
    }

    /// A check was taken away.
    pub(crate) fn gone(&mut self, name: &str) {
        self.streaks.remove(name);
    }

    /// The first, by name, that has failed for as long as the policy asks.
    pub(crate) fn confirmed(&self, now: Instant) -> Option<Failure> {
        if now < self.from {
            return None;
        }
        let is_confirmed = |streak: &Streak| {
            !streak.shared
                && (streak.component || streak.runs >= self.after)
                && now.saturating_duration_since(streak.since) >= self.sustained
                && streak.asleep_until.is_none_or(|until| until <= now)
        };
        let mut streaks = self.streaks.iter();
        let (check, streak) = streaks.find(|(_, streak)| is_confirmed(streak))?;
        Some(streak.failure(check, now))
    }

    /// Puts the first confirmation of a failure off by `jitter`; whether it did.
    pub(crate) fn put_off(&mut self, check: &str, jitter: Duration, now: Instant) -> bool {
        let streak = self
            .streaks
            .get_mut(check)
            .filter(|streak| !streak.jittered);
        let Some(streak) = streak.filter(|_| !jitter.is_zero()) else {
            return false;
        };
        streak.jittered = true;
        streak.asleep_until = Some(now + jitter.min(MOST));
        true
    }

    /// It has been said: `check` is left alone for as long as it goes on failing.
    pub(crate) fn settle(&mut self, check: &str, now: Instant) {
        if let Some(streak) = self.streaks.get_mut(check) {
            streak.asleep_until = Some(now + MOST);
        }
    }

    /// It was vetoed; when it may be asked again, which takes longer each time.
    pub(crate) fn vetoed(&mut self, check: &str, now: Instant) -> Duration {
        let Some(streak) = self.streaks.get_mut(check) else {
            return Duration::ZERO;
        };
        let pause = LONGEST_PAUSE.min(FIRST_PAUSE * 2_u32.pow(streak.vetoes.min(16)));
        streak.vetoes += 1;
        streak.asleep_until = Some(now + pause);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A run every 10 s: `u` unhealthy, `h` healthy; when it is confirmed, and how often
    /// it recovered before.
    fn confirmed(policy: &CriticalPolicy, shared: bool, story: &str) -> (Option<u64>, usize) {
        let start = clock::instant();
        let mut watch = CriticalWatch::new(policy, start);
        let (mut first, mut recoveries) = (None, 0);
        let mut failures = 0;
        for (run, letter) in (0_u64..).zip(story.chars()) {
            let now = start + secs(10 * run);
            failures = if letter == 'u' { failures + 1 } else { 0 };
            let finding = watch.see(
                Seen {
                    name: "db",
                    failing: letter == 'u',
                    shared,
                    component: false,
                    runs: failures,
                    message: "refused",
                },
                now,
            );
            recoveries += usize::from(matches!(finding, Some(Finding::Recovered(_))));
            if watch.confirmed(now).is_some() {
                first.get_or_insert(10 * run);
            }
        }
        (first, recoveries)
    }

    #[test]
    fn so_many_runs_and_so_long_and_after_the_grace() {
        let policy = CriticalPolicy::enforce().grace(secs(0));
        for (policy, shared, story, expected) in [
            (policy.clone(), false, "hhh", (None, 0)),
            // 3 runs, 30 s: the fourth of runs every 10 s.
            (policy.clone(), false, "uuuuuu", (Some(30), 0)),
            (policy.clone(), false, "huuuuu", (Some(40), 0)),
            (policy.clone(), false, "uuuhuuuu", (Some(70), 1)),
            (policy.clone(), false, "uuhuuhuuh", (None, 3)),
            (policy.clone().after(5), false, "uuuuuu", (Some(40), 0)),
            (
                policy.clone().sustained(secs(0)),
                false,
                "uuu",
                (Some(20), 0),
            ),
            (
                policy.clone().sustained(secs(0)).after(0),
                false,
                "u",
                (Some(0), 0),
            ),
            (
                policy.clone().grace(secs(50)),
                false,
                "uuuuuuu",
                (Some(50), 0),
            ),
            (policy.clone(), true, "uuuuuuuuuu", (None, 0)),
        ] {
            assert_eq!(
                confirmed(&policy, shared, story),
                expected,
                "{story} {policy:?}"
            );
        }
    }

    fn failing(name: &str, runs: u64) -> Seen<'_> {
        Seen {
            name,
            failing: true,
            shared: false,
            component: false,
            runs,
            message: "refused",
        }
    }

    fn watch(start: Instant) -> CriticalWatch {
        let policy = CriticalPolicy::enforce().grace(secs(0)).sustained(secs(5));
        CriticalWatch::new(&policy, start)
    }

    #[test]
    fn a_component_that_fails_once_has_no_runs_to_count() {
        let start = clock::instant();
        let mut watch = watch(start);
        let component = Seen {
            component: true,
            ..failing("ingest", 1)
        };
        let begins = watch.see(component, start);
        assert!(matches!(begins, Some(Finding::Begins { .. })));
        assert_eq!(watch.confirmed(start + secs(4)), None);
        let failure = watch.confirmed(start + secs(5)).unwrap();
        assert_eq!(
            failure.to_string(),
            "critical check `ingest` unhealthy for 1 run and 5.0 s: refused"
        );
    }

    #[test]
    fn what_is_gone_said_or_vetoed_is_left_alone() {
        let start = clock::instant();
        let later = start + secs(100);
        let mut watch = watch(start);
        for name in ["a", "b", "c"] {
            watch.see(failing(name, 1), start);
            watch.see(failing(name, 9), later);
        }
        let first = |watch: &CriticalWatch, now| watch.confirmed(now).map(|failure| failure.check);
        assert_eq!(first(&watch, later).as_deref(), Some("a"));
        watch.gone("a");
        assert_eq!(first(&watch, later).as_deref(), Some("b"));
        watch.settle("b", later);
        assert_eq!(first(&watch, later).as_deref(), Some("c"));
        let pauses: Vec<_> = (0..9).map(|_| watch.vetoed("c", later).as_secs()).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(first(&watch, later + secs(299)), None);
        assert_eq!(first(&watch, later + secs(300)).as_deref(), Some("c"));
        assert_eq!(watch.vetoed("a", later), Duration::ZERO);

        watch.see(failing("a", 1), later);
        watch.see(failing("a", 9), later);
        let confirmed = later + secs(5);
        assert!(!watch.put_off("a", secs(0), confirmed), "no jitter");
        assert!(watch.put_off("a", secs(2), confirmed));
        assert_eq!(first(&watch, confirmed + secs(1)), None);
        assert_eq!(first(&watch, confirmed + secs(2)).as_deref(), Some("a"));
        assert!(!watch.put_off("a", secs(2), confirmed), "once");
    }

    #[test]
    fn a_shared_dependency_is_exempt_which_is_said_once_and_the_lost_are_forgotten() {
        let start = clock::instant();
        let mut watch = watch(start);
        watch.see(failing("db", 1), start);
        watch.see(failing("db", 2), start + secs(6));
        assert_eq!(watch.confirmed(start + secs(6)), None, "two runs of three");
        watch.see(failing("db", 3), start + secs(7));
        assert!(watch.confirmed(start + secs(7)).is_some());
        watch.retain(|name| name != "db");
        assert_eq!(watch.confirmed(start + secs(7)), None);
        let shared = Seen {
            shared: true,
            ..failing("shared", 1)
        };
        assert!(matches!(
            watch.see(shared, start),
            Some(Finding::Exempt { .. })
        ));
        assert_eq!(watch.see(shared, start), None);
    }
}
