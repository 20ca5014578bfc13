//! Many schedules in a row, on all processors, each from its own seed; and the
//! line that replays the one that fails.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::unwind::panic_text;

use super::Fault;
use super::invariants;
use super::schedule::Schedule;
use super::violation::{Held, Invariant, Violation};

/// Every so many schedules, one is also run with and without jumps of the wall clock.
const PAIRED: u64 = 4;
const NANOS_IN_YEAR: u64 = 31_557_600_000_000_000;

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Account {
    pub(super) schedules: u64,
    pub(super) steps: u64,
    milliyears: u64,
}

#[derive(Debug)]
pub(super) struct Campaign {
    first: u64,
    runs: u64,
}

impl Campaign {
    /// `HEALTH_SIM_RUNS` schedules, or as many as given, from `HEALTH_SIM_SEED` on.
    pub(super) fn from_environment(runs: u64) -> Self {
        let number = |key: &str, default| match std::env::var(key) {
            Ok(text) => text
                .parse()
                .unwrap_or_else(|_| panic!("{key}={text}: not a number")),
            Err(_) => default,
        };
        Self {
            first: number("HEALTH_SIM_SEED", 1),
            runs: number("HEALTH_SIM_RUNS", runs),
        }
    }

    /// Runs all; panics with the lowest seed found to fail, and what it violates.
    pub(super) fn run(&self) -> Account {
        let next = AtomicU64::new(0);
        let total = Mutex::new(Account::default());
        let worst: Mutex<Option<(u64, String)>> = Mutex::new(None);
        let work = || {
            let mut account = Account::default();
            loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                if turn >= self.runs {
                    break;
                }
                let seed = self.first.wrapping_add(turn);
                if let Err(failure) = guarded(seed, &mut account) {
                    // Nobody takes another seed; those under way are finished.
                    next.store(self.runs, Ordering::Relaxed);
                    let mut worst = worst.lock().expect("a schedule does not panic here");
                    if worst.as_ref().is_none_or(|(held, _)| seed < *held) {
                        *worst = Some((seed, failure));
                    }
                }
            }
            total
                .lock()
                .expect("a schedule does not panic here")
                .add(account);
        };
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(work);
            }
        });
        let worst = worst.into_inner().expect("a schedule does not panic here");
        if let Some((seed, failure)) = worst {
            panic!("{failure}\nreplay it: HEALTH_SIM_SEED={seed} cargo xtask simulate --runs 1");
        }
        total.into_inner().expect("a schedule does not panic here")
    }
}

/// A panic within the engine is a failure of its seed as well.
fn guarded(seed: u64, account: &mut Account) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(|| replay(seed, None, account))) {
        Ok(judged) => judged.map_err(|failure| failure.to_string()),
        Err(payload) => Err(format!("panicked: {}", panic_text(payload.as_ref()))),
    }
}

/// A violation, and the step after which it showed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) violation: Violation,
    step: u64,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "after step {}: {}", self.step, self.violation)
    }
}

/// The schedule of `seed`, judged after every step.
pub(super) fn replay(
    seed: u64,
    fault: Option<Fault>,
    account: &mut Account,
) -> Result<(), Failure> {
    if seed.is_multiple_of(PAIRED) {
        let traces = [false, true].map(|jumps| unjudged(seed, fault, jumps));
        let same = Invariant::WallClock.demands(traces[0] == traces[1], || {
            "other transitions when the wall clock jumps".to_owned()
        });
        same.map_err(|violation| Failure { violation, step: 0 })?;
    }
    let mut schedule = Schedule::new(seed, fault, true);
    for step in 1..=schedule.length() {
        let judged = schedule
            .step()
            .and_then(|()| invariants::hold(&schedule.world));
        judged.map_err(|violation| Failure { violation, step })?;
    }
    account.add(Account {
        schedules: 1,
        steps: schedule.world.steps,
        milliyears: schedule.world.now.0 / (NANOS_IN_YEAR / 1000),
    });
    Ok(())
}

/// All transitions of a schedule, as one number.
fn unjudged(seed: u64, fault: Option<Fault>, wall_jumps: bool) -> u64 {
    let mut schedule = Schedule::new(seed, fault, wall_jumps);
    for _ in 0..schedule.length() {
        let _judged_later: Held = schedule.step();
    }
    schedule.world.trace()
}

impl Account {
    fn add(&mut self, other: Self) {
        self.schedules += other.schedules;
        self.steps += other.steps;
        self.milliyears += other.milliyears;
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} schedules, {} steps, {} simulated years: every invariant held",
            self.schedules,
            self.steps,
            self.milliyears / 1000
        )
    }
}
