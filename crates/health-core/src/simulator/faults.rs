//! For each invariant a planted fault, to prove that CI's schedules would find it.
//!
//! The same seeds without the fault are `schedules`' business, and pass.

use super::Fault;
use super::campaign::{Account, replay};
use super::violation::Invariant;

/// Far fewer than CI runs.
const SEEDS: u64 = 300;

/// Fails unless one of the schedules finds `fault` to violate `invariant`, and
/// passes without it.
fn found(fault: Fault, invariant: Invariant) {
    let mut account = Account::default();
    let seed = (1..=SEEDS)
        .find(|seed| {
            replay(*seed, Some(fault), &mut account)
                .is_err_and(|failure| failure.violation.invariant == invariant)
        })
        .unwrap_or_else(|| panic!("{fault:?} violated {invariant:?} in none of {SEEDS} schedules"));
    if let Err(failure) = replay(seed, None, &mut account) {
        panic!("seed {seed} fails without the fault: {failure}");
    }
}

#[test]
fn fresh_evidence() {
    found(Fault::AgelessEvidence, Invariant::FreshEvidence);
    found(Fault::BoundForgotten, Invariant::FreshEvidence);
    found(Fault::TimeoutReadsHealthy, Invariant::FreshEvidence);
    found(Fault::RepeatIsFresh, Invariant::FreshEvidence);
}

#[test]
fn one_run() {
    found(Fault::SecondRun, Invariant::OneRun);
}

#[test]
fn thresholds() {
    found(Fault::ResultCountsTwice, Invariant::Thresholds);
    found(Fault::ThresholdsSkipped, Invariant::Thresholds);
    found(Fault::RepeatCounts, Invariant::Thresholds);
}

#[test]
fn tallies() {
    found(Fault::TalliesDrift, Invariant::Tallies);
    found(Fault::NoSweep, Invariant::Tallies);
}

#[test]
fn stopping() {
    found(Fault::StoppingUndone, Invariant::Stopping);
    found(Fault::EndlessShutdown, Invariant::Stopping);
}

#[test]
fn sequence() {
    found(Fault::SequenceHole, Invariant::Sequence);
}

#[test]
fn starting() {
    found(Fault::StartsUnproven, Invariant::Starting);
    found(Fault::StartsNever, Invariant::Starting);
}

#[test]
fn wall_clock() {
    found(Fault::WallClockDecides, Invariant::WallClock);
}

#[test]
fn timeliness() {
    found(Fault::StartForgotten, Invariant::Timeliness);
    found(Fault::SweeperNotTold, Invariant::Timeliness);
}

#[test]
fn asks() {
    found(Fault::AskerForgotten, Invariant::Asks);
    found(Fault::ResumptionMissed, Invariant::Asks);
}
