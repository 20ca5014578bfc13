//! A seeded simulator that drives the engine itself: no runtime, no clock.
//!
//! Each seed is one schedule of random checks, faults, registrations, askers,
//! shutdowns, suspensions and leaps of time. After every step the invariants are
//! judged by models that share no decision with the engine. It tests no tasks, no
//! timers and no rendering.

mod askers;
mod campaign;
mod faults;
mod invariants;
mod oracle;
mod planting;
mod random;
mod registrations;
mod runs;
mod schedule;
mod specs;
mod violation;
mod world;

use campaign::Campaign;

/// A bug planted into the engine, to prove that an invariant would find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Tallies do not follow a change.
    TalliesDrift,
    /// A second run starts beside the first.
    SecondRun,
    /// A timeout is taken for a success.
    TimeoutReadsHealthy,
    /// Stale evidence is never swept.
    NoSweep,
    /// Evidence never grows old.
    AgelessEvidence,
    /// Readers are not told when the evidence of a class runs out.
    BoundForgotten,
    /// A result counts twice.
    ResultCountsTwice,
    /// A result that is only said again counts again.
    RepeatCounts,
    /// What is said again is as fresh as if it were new.
    RepeatIsFresh,
    /// One result is enough, whatever the thresholds.
    ThresholdsSkipped,
    /// A node that is stopping runs again when its checks are well.
    StoppingUndone,
    /// Liveness passes however long a shutdown hangs.
    EndlessShutdown,
    /// A number is left out.
    SequenceHole,
    /// The node is running as soon as it was started.
    StartsUnproven,
    /// The node does not notice that nothing is awaited any more.
    StartsNever,
    /// The wall clock decides when a check is due.
    WallClockDecides,
    /// Nobody plans the next start.
    StartForgotten,
    /// The sweeper is not told that it is wanted earlier.
    SweeperNotTold,
    /// Whoever asks wakes nobody.
    AskerForgotten,
    /// Nothing comes of a suspension.
    ResumptionMissed,
}

#[test]
fn schedules() {
    let runs = if cfg!(debug_assertions) { 300 } else { 50_000 };
    Campaign::from_environment(runs).run();
}

/// Millions, by `cargo xtask simulate`; or one again, by its seed.
#[test]
#[ignore = "as long as it is told to: cargo xtask simulate"]
fn marathon() {
    println!("{}", Campaign::from_environment(1_000_000).run());
}
