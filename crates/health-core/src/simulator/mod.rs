//! A seeded simulator that drives the engine itself: no runtime, no clock.

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
}
